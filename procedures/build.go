package procedures

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

var codePattern = regexp.MustCompile(`^\d\.\d{6}$`)

// formatVersion is the only format there is.
const formatVersion = 1

func checkFormat(o object) { o.int("format", formatVersion, formatVersion) }

var procedureKeys = []string{
	"format", "code", "valid_from", "valid_to", "name", "short_name", "sector", "level", "published_by", "legal_basis",
	"applicants", "channels", "competence", "facts", "form", "components", "fees", "terms", "extension", "states", "steps",
	"results", "retention", "units", "to_confirm",
}

// build reads a (merged) tree into a Procedure and checks all of it, the model
// of states included. The procedure is nil when there are findings.
func build(root *node, opts *Options) (*Procedure, []Finding) {
	var f findings
	o := f.object(root, "procedure", procedureKeys...)
	o.need("format", "code", "valid_from", "name", "sector", "level", "legal_basis", "applicants", "channels", "terms",
		"states", "steps", "results")
	checkFormat(o)
	p := &Procedure{
		Code: o.str("code"), Name: o.text("name"), ShortName: o.text("short_name"), Valid: o.period("valid_from", "valid_to"),
		PublishedBy: o.str("published_by"), root: root, opts: opts,
	}
	if n := root.get("code"); n != nil && !codePattern.MatchString(p.Code) {
		f.at(n, "code-form", `write "2.000815" in quotes`, "%q is no procedure code", n.value)
	}
	if p.ShortName.VI == "" {
		p.ShortName = p.Name
	}
	p.Level = Level(o.oneOf("level", string(Partial), string(Full)))
	if n := root.get("sector"); n != nil {
		so := f.object(n, "sector", "code", "name")
		so.need("code", "name")
		p.Sector = Sector{so.str("code"), so.text("name")}
	}
	f.legalBasis(o, p)
	f.applicants(o, p)
	for _, c := range o.strings("channels") {
		if Channel(c).National() == 0 {
			f.at(root.get("channels"), "value-unknown", "one of: counter, online, post", "%q is no channel", c)
		}
		p.Channels = append(p.Channels, Channel(c))
	}
	f.form(o, p)
	f.facts(o, p)
	x, err := newExpressions(p.Facts)
	if err != nil {
		f.at(root.get("facts"), "facts-form", "give every fact a name of its own", "%v", err)
		return nil, f.sorted()
	}
	f.competence(o, p)
	f.components(o, p, x)
	f.fees(o, p, x)
	f.terms(o, p, x)
	f.results(o, p)
	f.units(o, p)
	f.states(o, p)
	f.steps(o, p)
	f.confirm(o, p)
	if len(f.list) == 0 { // the model is checked once its parts can be read
		f.model(p)
	}
	if len(f.list) > 0 {
		return nil, f.sorted()
	}
	return p, nil
}

// laws reads references such as decree_23_2015 or decree_23_2015#20 and checks
// that the legal basis has them.
func (f *findings) laws(o object, p *Procedure) []string {
	refs := o.strings("law")
	for _, r := range refs {
		id, _, _ := strings.Cut(r, "#")
		if _, ok := p.Law(id); !ok {
			f.at(o.n.get("law"), "law-unknown", "name an entry of legal_basis, with #article if wanted", "%s cites %q", o.what, r)
		}
	}
	return refs
}

func (f *findings) legalBasis(o object, p *Procedure) {
	o.each("legal_basis", func(id string, _, n *node) {
		lo := f.object(n, "law "+id, "number", "name", "articles", "from", "to")
		lo.need("number", "name", "from")
		p.Laws = append(p.Laws, Law{
			ID: id, Number: lo.str("number"), Name: lo.text("name"), Articles: lo.str("articles"), Period: lo.period("from", "to"),
		})
	})
}

func (f *findings) applicants(o object, p *Procedure) {
	n := o.n.get("applicants")
	ao := f.object(n, "applicants", "kinds", "name", "assurance")
	ao.need("kinds", "name", "assurance")
	p.Applicants = Applicants{Kinds: ao.strings("kinds"), Name: ao.text("name"), Assurance: map[Channel]int{}}
	for _, k := range p.Applicants.Kinds {
		if !slices.Contains([]string{"citizen", "enterprise", "state_agency", "organisation"}, k) {
			f.at(n.get("kinds"), "value-unknown", "one of: citizen, enterprise, state_agency, organisation",
				"%q is no kind of applicant", k)
		}
	}
	as := f.object(n.get("assurance"), "assurance", string(Counter), string(Online), string(Post))
	for _, c := range o.n.get("channels").strings() {
		if n != nil && !as.has(c) {
			f.at(n, "assurance-missing", "add the least identity level of this channel, 0 where the paper is shown",
				"channel %s has no assurance level", c)
			continue
		}
		p.Applicants.Assurance[Channel(c)] = int(as.int(c, 0, 3))
	}
}

func (f *findings) competence(o object, p *Procedure) {
	o.each("competence", func(id string, _, n *node) {
		co := f.object(n, "competence "+id, "bodies", "name", "law", "from", "to")
		co.need("bodies", "law")
		c := Competence{ID: id, Bodies: co.strings("bodies"), Name: co.text("name"), Law: f.laws(co, p), Period: co.period("from", "to")}
		for _, b := range c.Bodies {
			if !slices.Contains([]string{"commune", "district", "province", "ministry", "notary", "mission", "police"}, b) {
				f.at(n.get("bodies"), "value-unknown", "one of: commune, district, province, ministry, notary, mission, police",
					"%q is no body", b)
			}
		}
		p.Competence = append(p.Competence, c)
	})
}

func (f *findings) results(o object, p *Procedure) {
	o.each("results", func(id string, _, n *node) {
		ro := f.object(n, "result "+id, "name", "outcome", "document")
		ro.need("name", "outcome")
		p.Results = append(p.Results, Result{
			ID: id, Name: ro.text("name"), Document: ro.bool("document"),
			Outcome: ro.oneOf("outcome", "granted", "granted_other", "answered", "refused"),
		})
	})
	o.each("retention", func(id string, _, n *node) {
		ro := f.object(n, "retention "+id, "name", "years", "forever", "law")
		ro.need("name", "law")
		r := Retention{ID: id, Name: ro.text("name"), Years: int(ro.int("years", 0, 200)), Forever: ro.bool("forever"),
			Law: f.laws(ro, p)}
		if r.Forever == ro.has("years") {
			f.at(n, "retention-form", "write either years or forever: true", "retention %s must have one of years and forever", id)
		}
		p.Retention = append(p.Retention, r)
	})
}

func (f *findings) confirm(o object, p *Procedure) {
	n := o.n.get("to_confirm")
	if n == nil {
		return
	}
	if n.kind != sequenceNode {
		f.at(n, "yaml-type", "write - {vi: …, en: …}", "to_confirm must be a list")
		return
	}
	for _, it := range n.items {
		t := f.object(it, "to_confirm", "vi", "en")
		t.need("vi", "en")
		p.ToConfirm = append(p.ToConfirm, Text{t.str("vi"), t.str("en")})
	}
}

func (f *findings) units(o object, p *Procedure) {
	n := o.n.get("units")
	if n == nil {
		return
	}
	if n.kind != mappingNode {
		f.at(n, "yaml-type", "write CODE: {…}", "units must be a mapping")
		return
	}
	for _, e := range n.entries {
		if !unitPattern.MatchString(e.key) {
			f.at(e.at(), "unit-form", "write a code such as H10.40.18", "%q is no unit code", e.key)
			continue
		}
		uo := f.object(e.value, "unit "+e.key, "name", "address", "phone", "from", "to", "hours")
		uo.need("name")
		u := Unit{Code: e.key, Name: uo.text("name"), Address: uo.str("address"), Phone: uo.str("phone"), Period: uo.period("from", "to")}
		uo.each("hours", func(id string, at, hn *node) {
			if h := f.hours("unit "+e.key+" hours "+id, at, hn); h != nil {
				u.Hours = append(u.Hours, *h)
			}
		})
		p.Units = append(p.Units, u)
	}
}

var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday,
	"fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday,
}

func (f *findings) hours(what string, at, n *node) *Hours {
	ho := f.object(n, what, "days", "open", "from", "to")
	ho.need("days", "open")
	h := &Hours{Period: ho.period("from", "to")}
	for _, d := range ho.strings("days") {
		w, ok := weekdays[d]
		if !ok {
			f.at(n.get("days"), "value-unknown", "one of: mon, tue, wed, thu, fri, sat, sun", "%s: %q is no day", what, d)
		}
		h.Days = append(h.Days, w)
	}
	last := time.Duration(-1)
	for _, s := range ho.strings("open") {
		a, b, _ := strings.Cut(s, "-")
		from, ok1 := parseClock(a)
		to, ok2 := parseClock(b)
		if !ok1 || !ok2 || to <= from || from <= last {
			f.at(n.get("open"), "value-time", `write ["07:30-11:30", "13:00-17:00"], in order`, "%s: %q is no span of the day", what, s)
			return nil
		}
		h.Spans, last = append(h.Spans, [2]time.Duration{from, to}), to
	}
	if len(h.Days) == 0 || len(h.Spans) == 0 {
		f.at(at, "value-time", "name at least one day and one span", "%s is empty", what)
		return nil
	}
	return h
}

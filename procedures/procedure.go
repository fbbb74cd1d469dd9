package procedures

import (
	"encoding/json"
	"slices"
	"time"
)

// Text is a text in Vietnamese and English, NFC.
type Text struct {
	VI string `json:"vi"`
	EN string `json:"en"`
}

// Period is a span of days: From is the first moment, To the first moment
// after; zero means open. Both are midnights in [Zone].
type Period struct{ From, To time.Time }

// Contains says whether t lies in the period.
func (p Period) Contains(t time.Time) bool {
	return !t.Before(p.From) && (p.To.IsZero() || t.Before(p.To))
}

// Level says how much of a procedure can be done online (Decree 42/2022/NĐ-CP).
type Level string

// The two levels.
const (
	Partial Level = "partial" // một phần
	Full    Level = "full"    // toàn trình
)

// Channel is a way to file (kênh thực hiện).
type Channel string

// The channels, with the portal's KenhThucHien 1, 2 and 3.
const (
	Counter Channel = "counter" // trực tiếp
	Online  Channel = "online"  // trực tuyến
	Post    Channel = "post"    // bưu chính công ích
)

// National is the channel's number on the National Public Service Portal; 0
// for a channel that isn't one of the three.
func (c Channel) National() int { return slices.Index([]Channel{Counter, Online, Post}, c) + 1 }

// Procedure is one edition of a procedure: a national or local definition with
// the overlays in force laid over it. Treat it as read-only.
type Procedure struct {
	Code        string
	Name        Text
	ShortName   Text
	Sector      Sector
	Level       Level
	Valid       Period // the days on which dossiers start with this edition
	PublishedBy string // quyết định công bố; may be empty
	Laws        []Law
	Applicants  Applicants
	Channels    []Channel
	Competence  []Competence
	Facts       []Fact
	Form        *Form
	Components  []Component
	Fees        []Fee
	Terms       []Term
	Extension   *Extension
	States      []State
	Steps       []Step
	Results     []Result
	Retention   []Retention
	Units       []Unit // offices an overlay names, with hours and telephone
	// ToConfirm lists what is sample data, to be confirmed by the operator.
	ToConfirm []Text

	root *node
	opts *Options
	cut  bool // by With
}

// Sector is a field of administration (lĩnh vực).
type Sector struct {
	Code string
	Name Text
}

// Law is one instrument of the legal basis (căn cứ pháp lý).
type Law struct {
	ID, Number, Articles string
	Name                 Text
	Period
}

// Applicants says who may file and how sure one must be who they are.
type Applicants struct {
	Kinds     []string // citizen, enterprise, state_agency, organisation
	Name      Text
	Assurance map[Channel]int // least identity level (mức độ định danh); 0 = shown at the counter
}

// Competence says which bodies may handle the procedure in a period.
type Competence struct {
	ID     string
	Bodies []string // commune, district, province, notary, mission, police
	Name   Text
	Law    []string
	Period
}

// Component is one paper of the dossier (thành phần hồ sơ).
type Component struct {
	ID         string
	Name       Text
	Hint       Text
	Mode       string   // file, show or lookup
	Kinds      []string // original, copy, certified, ecopy, photo
	Required   bool
	Quantity   int    // how many; 0 when QuantityOf is set
	QuantityOf string // a fact that says how many
	OneOf      string // components sharing a group: any one of them will do
	ReplacedBy []string
	When       string // condition over facts; empty = always
	Law        []string
	when       *expression
}

// Result is what the applicant may receive (kết quả).
type Result struct {
	ID       string
	Name     Text
	Outcome  string // granted, granted_other, refused, answered
	Document bool   // an electronic document, as the indicators count it
}

// Retention says how long something is kept (thời hạn lưu trữ).
type Retention struct {
	ID      string
	Name    Text
	Years   int
	Forever bool
	Law     []string
}

// State is one state with its place in the national list.
type State struct {
	ID       string
	Name     Text
	National Status // 0 = not yet filed
	Start    bool
	End      bool
	Gate     string        // "fee": left towards a result only by its system event
	Outcome  string        // "granted": reaching it means the applicant got what was asked
	Clock    string        // none, running or paused
	Budget   time.Duration // working time the dossier should stay, 0 = none
	Law      []string
	Needs    []string
	Unless   []string
	at       *node
}

// Step is one event that moves a dossier.
type Step struct {
	ID     string
	Event  string
	Name   Text
	From   []string
	To     string
	Roles  []string
	System bool
	Reason bool
	Guards []string
	// Effects are done after the commit, at least once each.
	Effects []string
	Duty    string   // "appraise" or "approve": no role may hold both
	Law     []string // a step with law carries legal weight: no overlay drops it
	Needs   []string // modules without which the step does not exist
	Unless  []string // modules with all of which the step does not exist
	at      *node
}

// Unit is an office that offers the procedure, as an overlay describes it.
type Unit struct {
	Code    string // e.g. H10.40.18
	Name    Text
	Address string
	Phone   string
	Hours   []Hours
	Period
}

// Hours are an office's opening hours on some days of the week, dated.
type Hours struct {
	Days  []time.Weekday
	Spans [][2]time.Duration // since midnight, opening and closing
	Period
}

// Law returns the instrument with this id.
func (p *Procedure) Law(id string) (Law, bool) {
	i := slices.IndexFunc(p.Laws, func(l Law) bool { return l.ID == id })
	if i < 0 {
		return Law{}, false
	}
	return p.Laws[i], true
}

// LawsAt lists the legal basis in force at t, in written order.
func (p *Procedure) LawsAt(t time.Time) []Law {
	return slices.DeleteFunc(slices.Clone(p.Laws), func(l Law) bool { return !l.Contains(t) })
}

// State returns the state with this id.
func (p *Procedure) State(id string) (State, bool) {
	i := slices.IndexFunc(p.States, func(s State) bool { return s.ID == id })
	if i < 0 {
		return State{}, false
	}
	return p.States[i], true
}

// StepsOf lists the steps an event names, usually one.
func (p *Procedure) StepsOf(event string) []Step {
	return slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return s.Event != event })
}

// StepFrom returns the step by which the event leaves the state.
func (p *Procedure) StepFrom(state, event string) (Step, bool) {
	for _, s := range p.Steps {
		if s.Event == event && slices.Contains(s.From, state) {
			return s, true
		}
	}
	return Step{}, false
}

// UnitAt returns the office with this code as it is at t.
func (p *Procedure) UnitAt(code string, t time.Time) (Unit, bool) {
	for _, u := range p.Units {
		if u.Code == code && u.Contains(t) {
			return u, true
		}
	}
	return Unit{}, false
}

// Source gives the merged definition as JSON, for display and comparison.
func (p *Procedure) Source() json.RawMessage { return p.root.json() }

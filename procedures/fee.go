package procedures

import (
	"fmt"
	"math"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
)

// Kinds of fee (Law on Fees and Charges 97/2015/QH13).
const (
	FeePhi   = "phi"    // phí: pays for a service
	FeeLePhi = "le_phi" // lệ phí: a charge fixed for a public act
)

// maxDong bounds one fee line; more is a mistake in the formula.
const maxDong = 100_000_000_000

// Fee is one fee of a procedure with its dated rates.
type Fee struct {
	ID    string
	Kind  string // FeePhi or FeeLePhi
	Name  Text
	SetBy string // central or council (hội đồng nhân dân); only the latter may be overlaid
	Rates []Rate
}

// Rate is the formula in force in a period. Amount is CEL over the facts and
// gives whole đồng for one unit; Quantity is a fact or empty for one.
type Rate struct {
	Amount   string
	Quantity string
	Law      []string
	Period
	amount *expression
}

// FeeLine is one line of what is owed. Amounts are whole đồng. Unit and Quantity
// are 0 where the amount alone is known, as of a charge that was made.
type FeeLine struct {
	Fee      string `json:"fee"`
	Kind     string `json:"kind"`
	Name     Text   `json:"name"`
	Unit     int64  `json:"unit"`     // đồng for one
	Quantity int64  `json:"quantity"` // how many
	Amount   int64  `json:"amount"`   // Unit × Quantity
}

// FeesAt computes the fee lines by the rates in force at t, in written order;
// lines of zero đồng are left out. It is an error when a fact the formula uses
// is missing or out of range, or a result is negative or above 100 billion đồng.
func (p *Procedure) FeesAt(t time.Time, v FactValues) ([]FeeLine, error) {
	facts, err := p.checkFacts(v)
	if err != nil {
		return nil, err
	}
	var out []FeeLine
	for _, fee := range p.Fees {
		for _, r := range fee.Rates {
			if !r.Contains(t) {
				continue
			}
			line, err := r.line(fee, facts)
			if err != nil {
				return nil, err
			}
			if line.Amount > 0 {
				out = append(out, line)
			}
			break
		}
	}
	return out, nil
}

func (r *Rate) line(fee Fee, facts map[string]any) (FeeLine, error) {
	unit, err := r.amount.int(facts)
	if err != nil {
		return FeeLine{}, err
	}
	quantity := int64(1)
	if r.Quantity != "" {
		q, ok := facts[r.Quantity].(int64)
		if !ok {
			return FeeLine{}, &Error{CodeInvalid, fmt.Sprintf("fee %s needs the fact %q", fee.ID, r.Quantity)}
		}
		quantity = q
	}
	if unit < 0 || quantity < 0 || quantity > 0 && unit > math.MaxInt64/quantity || unit*quantity > maxDong {
		return FeeLine{}, &Error{CodeInvalid, fmt.Sprintf("fee %s gives %d × %d đồng, out of range", fee.ID, unit, quantity)}
	}
	return FeeLine{fee.ID, fee.Kind, fee.Name, unit, quantity, unit * quantity}, nil
}

func (f *findings) fees(o object, p *Procedure, x *expressions) {
	o.each("fees", func(id string, _, n *node) {
		what := "fee " + id
		fo := f.object(n, what, "kind", "name", "set_by", "rates")
		fo.need("kind", "name", "rates")
		fee := Fee{ID: id, Kind: fo.oneOf("kind", FeePhi, FeeLePhi), Name: fo.text("name"), SetBy: fo.oneOf("set_by", "central",
			"council")}
		if fee.SetBy == "" {
			fee.SetBy = "central"
		}
		fo.each("rates", func(rid string, at, rn *node) {
			if r := f.rate(what+" rate "+rid, at, rn, p, fee, x); r != nil {
				for _, other := range fee.Rates {
					if overlaps(other.Period, r.Period) {
						f.at(at, "fee-overlap", "end one the day before the other starts", "%s: two rates hold on the same day", what)
					}
				}
				fee.Rates = append(fee.Rates, *r)
			}
		})
		p.Fees = append(p.Fees, fee)
	})
}

func (f *findings) rate(what string, at, n *node, p *Procedure, fee Fee, x *expressions) *Rate {
	ro := f.object(n, what, "from", "to", "amount", "quantity", "law", "examples")
	ro.need("from", "amount", "law")
	r := Rate{Amount: strings.TrimSpace(ro.str("amount")), Quantity: ro.str("quantity"), Law: f.laws(ro, p),
		Period: ro.period("from", "to")}
	if r.Quantity != "" {
		if q, ok := p.fact(r.Quantity); !ok || q.Kind != "int" {
			f.at(n.get("quantity"), "fact-unknown", "name a fact of kind int", "%s: quantity %q is no such fact", what, r.Quantity)
			return nil
		}
	}
	if r.Amount == "" {
		return nil
	}
	e, err := x.compile(r.Amount, cel.IntType)
	if err != nil {
		f.at(n.get("amount"), "fee-expression", "whole đồng from facts, + - * / %, ?:, min(a, b), max(a, b)", "%s: %v", what, err)
		return nil
	}
	r.amount = e
	f.tryRate(what, at, &r, fee, p)
	f.examples(what, n.get("examples"), &r, fee, p)
	return &r
}

// tryRate evaluates the formula at the corners of the facts, where mistakes
// such as a negative or overflowing amount show.
func (f *findings) tryRate(what string, at *node, r *Rate, fee Fee, p *Procedure) {
	tried := 0
	var walk func(facts []Fact, v map[string]any) bool
	walk = func(facts []Fact, v map[string]any) bool {
		if len(facts) == 0 {
			tried++
			if _, err := r.line(fee, v); err != nil {
				f.at(at, "fee-range", "give whole đồng ≥ 0 for every value of the facts", "%s: %v", what, err)
				return false
			}
			return tried < 4096
		}
		for _, c := range facts[0].corners() {
			v[facts[0].Name] = c
			if !walk(facts[1:], v) {
				return false
			}
		}
		return true
	}
	walk(append([]Fact{channelFact}, p.Facts...), map[string]any{})
}

// examples proves the worked amounts written beside the formula.
func (f *findings) examples(what string, n *node, r *Rate, fee Fee, p *Procedure) {
	if n == nil {
		return
	}
	if n.kind != sequenceNode {
		f.at(n, "yaml-type", "write - {pages: 1, amount: 2000}", "%s: examples must be a list", what)
		return
	}
	for _, it := range n.items {
		v := FactValues{}
		eo := object{f, it, what + " example"}
		var want int64
		for _, e := range it.entries {
			if e.key == "amount" {
				want = eo.int("amount", 0, maxDong)
				continue
			}
			ft, _ := p.fact(e.key)
			switch ft.Kind {
			case "int":
				v[e.key] = eo.int(e.key, ft.Min, ft.Max)
			case "bool":
				v[e.key] = eo.bool(e.key)
			default:
				v[e.key] = eo.str(e.key)
			}
		}
		facts, err := p.checkFacts(v)
		if err != nil {
			f.at(it, "fee-example", "name declared facts and amount", "%s: %v", what, err)
			continue
		}
		line, err := r.line(fee, facts)
		if err != nil || line.Amount != want {
			f.at(it, "fee-example", "correct the formula or the example", "%s: the formula gives %d đồng, the example says %d (%v)",
				what, line.Amount, want, err)
		}
	}
}

func overlaps(a, b Period) bool {
	return (a.To.IsZero() || b.From.Before(a.To)) && (b.To.IsZero() || a.From.Before(b.To))
}

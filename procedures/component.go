package procedures

import (
	"slices"
	"strconv"

	"cel.dev/cel-go/cel"
)

// Modes of a component: filed, shown and handed back, or looked up by the agency.
const (
	ModeFile   = "file"   // phải nộp
	ModeShow   = "show"   // xuất trình
	ModeLookup = "lookup" // khai thác từ cơ sở dữ liệu
)

func (f *findings) components(o object, p *Procedure, x *expressions) {
	o.each("components", func(id string, _, n *node) {
		what := "component " + id
		co := f.object(n, what, "name", "hint", "mode", "kinds", "required", "quantity", "one_of", "replaced_by", "when", "law")
		co.need("name", "mode")
		c := Component{
			ID: id, Name: co.text("name"), Hint: co.text("hint"), Mode: co.oneOf("mode", ModeFile, ModeShow, ModeLookup),
			Kinds: co.strings("kinds"), Required: co.bool("required"), OneOf: co.str("one_of"), ReplacedBy: co.strings("replaced_by"),
			When: co.str("when"), Law: f.laws(co, p), Quantity: 1,
		}
		for _, k := range c.Kinds {
			if !slices.Contains([]string{"original", "copy", "certified", "ecopy", "photo"}, k) {
				f.at(n.get("kinds"), "value-unknown", "one of: original, copy, certified, ecopy, photo",
					"%s: %q is no kind of paper", what, k)
			}
		}
		if q := n.get("quantity"); q != nil && q.scalar == stringScalar {
			ft, ok := p.fact(q.value)
			if !ok || ft.Kind != "int" {
				f.at(q, "fact-unknown", "a number, or a fact of kind int", "%s: quantity %q is no such fact", what, q.value)
			}
			c.Quantity, c.QuantityOf = 0, q.value
		} else if q != nil {
			c.Quantity = int(co.int("quantity", 1, 1000))
		}
		if c.When != "" {
			e, err := x.compile(c.When, cel.BoolType)
			if err != nil {
				f.at(n.get("when"), "component-expression", "a condition over facts", "%s: %v", what, err)
			}
			c.when = e
		}
		p.Components = append(p.Components, c)
	})
}

// ComponentNeed is what one dossier must have of a component.
type ComponentNeed struct {
	Component
	Count int // how many
}

// ComponentsFor lists the components these facts ask for, in written order.
// Facts a condition or quantity uses must be given.
func (p *Procedure) ComponentsFor(v FactValues) ([]ComponentNeed, error) {
	facts, err := p.checkFacts(v)
	if err != nil {
		return nil, err
	}
	var out []ComponentNeed
	for _, c := range p.Components {
		if c.when != nil {
			if ok, err := c.when.bool(facts); err != nil {
				return nil, err
			} else if !ok {
				continue
			}
		}
		need := ComponentNeed{c, c.Quantity}
		if c.QuantityOf != "" {
			n, ok := facts[c.QuantityOf].(int64)
			if !ok {
				return nil, &Error{CodeInvalid, "component " + c.ID + " needs the fact " + strconv.Quote(c.QuantityOf)}
			}
			need.Count = int(n)
		}
		out = append(out, need)
	}
	return out, nil
}

// MissingComponents says which required components are absent when the papers
// with these ids are there. A group one_of counts once, by its first member.
func MissingComponents(needs []ComponentNeed, have ...string) []Component {
	satisfied := map[string]bool{}
	for _, n := range needs {
		if n.OneOf != "" && slices.Contains(have, n.ID) {
			satisfied[n.OneOf] = true
		}
	}
	var out []Component
	for _, n := range needs {
		if !n.Required || slices.Contains(have, n.ID) || n.OneOf != "" && satisfied[n.OneOf] {
			continue
		}
		if n.OneOf != "" {
			satisfied[n.OneOf] = true // told once
		}
		out = append(out, n.Component)
	}
	return out
}

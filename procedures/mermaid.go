package procedures

import (
	"fmt"
	"strings"
)

// Mermaid draws the machine as a Mermaid state diagram: states with their
// Vietnamese name and national status, steps with who does them. What needs or
// replaces a module says so; cut with [Procedure.With] first to draw one
// province's machine. The same procedure always gives the same text.
func (p *Procedure) Mermaid() string {
	var b strings.Builder
	fmt.Fprintf(&b, "---\ntitle: %s %s\n---\nstateDiagram-v2\n", p.Code, mermaidText(p.ShortName.VI))
	for _, s := range p.States {
		label := mermaidText(s.Name.VI)
		if s.National != 0 {
			label += fmt.Sprintf(" (%d)", s.National)
		}
		fmt.Fprintf(&b, "    %s : %s\n", s.ID, label)
	}
	for _, s := range p.States {
		if s.Start {
			fmt.Fprintf(&b, "    [*] --> %s\n", s.ID)
		}
	}
	for _, s := range p.Steps {
		for _, from := range s.From {
			fmt.Fprintf(&b, "    %s --> %s : %s\n", from, s.To, s.label())
		}
	}
	for _, s := range p.States {
		if s.End {
			fmt.Fprintf(&b, "    %s --> [*]\n", s.ID)
		}
	}
	return b.String()
}

func (s Step) label() string {
	out := s.Event
	if s.System {
		out += " [system]"
	}
	if len(s.Needs) > 0 {
		out += " (with " + strings.Join(s.Needs, ", ") + ")"
	}
	if len(s.Unless) > 0 {
		out += " (without " + strings.Join(s.Unless, ", ") + ")"
	}
	return out
}

// mermaidText drops what Mermaid reads as syntax.
func mermaidText(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer(":", " ", ";", " ", "#", " ", "\"", "'", "%", " ").Replace(s)), " ")
}

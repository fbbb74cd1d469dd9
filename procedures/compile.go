package procedures

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/motcua/motcua/workflow"
)

// Definition turns states and steps into the engine's data. A procedure that
// was not cut by [Procedure.With] has all its modules.
//
// The version is the day the definition begins and a digest of the machine, such
// as 2020-04-20.3f2a91bc04: the same machine always has the same version, and a
// changed one never does, so a dossier is never run by rules it did not start with.
func (p *Procedure) Definition() *workflow.Definition {
	p = p.full()
	d := &workflow.Definition{Code: p.Code}
	for _, s := range p.States {
		if s.Start {
			d.Initial = s.ID
		}
		d.States = append(d.States, workflow.State{Name: s.ID, Final: s.End})
	}
	for _, s := range p.Steps {
		d.Transitions = append(d.Transitions, workflow.Transition{
			Event: s.Event, From: s.From, To: s.To, Roles: s.Roles, System: s.System, Reason: s.Reason,
			Guards: s.Guards, Effects: s.Effects,
		})
	}
	d.Version = p.root.get("valid_from").value + "." + digest(d)
	return d
}

// digest is taken before Version is set. Marshalling plain data can't fail.
func digest(d *workflow.Definition) string {
	text, err := json.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("procedures: definition %s: %v", d.Code, err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:5])
}

// Compile returns the machine of the procedure for the engine. Bindings must
// hold every guard and effect the steps name; what they lack is an error.
func (p *Procedure) Compile(b workflow.Bindings) (*workflow.Machine, error) {
	d := p.Definition()
	m, err := workflow.Compile(d, b)
	if err != nil {
		return nil, fmt.Errorf("procedures: %s %s: %w", p.Code, d.Version, err)
	}
	return m, nil
}

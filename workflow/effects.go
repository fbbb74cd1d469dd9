package workflow

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// called is the payload of an effect's message.
type called struct {
	Dossier DossierID `json:"dossier"`
	Version Version   `json:"version"`
}

// messages returns one message for each effect; its id stays the same however
// often it comes, and says which entry called for which effect.
func (mv *move) messages() []sqlkit.Message {
	var out []sqlkit.Message
	for _, effect := range mv.effects {
		payload, err := json.Marshal(called{mv.entry.Dossier, mv.entry.Version})
		if err != nil {
			panic(err) // two plain fields
		}
		out = append(out, sqlkit.Message{ID: mv.entry.ID + "/" + effect, Topic: effect, Payload: payload, At: mv.entry.At})
	}
	return out
}

// Handlers turns effects into handlers of outbox messages, by effect name: each
// reads the entry that called for it, body included if it is still there, and
// runs the effect.
func (e *Engine) Handlers(effects map[string]Effect) map[string]func(context.Context, sqlkit.Message) error {
	out := make(map[string]func(context.Context, sqlkit.Message) error, len(effects))
	for name, effect := range effects {
		out[name] = func(ctx context.Context, m sqlkit.Message) error {
			var c called
			if err := json.Unmarshal(m.Payload, &c); err != nil {
				return fmt.Errorf("workflow_outbox %s: %w", m.ID, err)
			}
			en, err := e.loadEntry(ctx, c.Dossier, c.Version)
			if err != nil {
				return err
			}
			return effect(ctx, *en)
		}
	}
	return out
}

func (e *Engine) loadEntry(ctx context.Context, id DossierID, v Version) (*Entry, error) {
	ctx, cancel := e.db.Bound(ctx)
	defer cancel()
	en, _, err := e.entry(ctx, e.db.Read, id, v)
	return en, err
}

package desk

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
)

// maxForm bounds the answers of one form, in bytes.
const maxForm = 64 << 10

// Draft opens or changes a dossier that has not been filed (hồ sơ lưu tạm).
type Draft struct {
	// Dossier is empty for a new draft.
	Dossier workflow.DossierID
	// Revision is the one the person has seen, for an existing draft.
	Revision int64
	// Procedure and Unit say what is asked for, and where; a unit may be
	// changed until the dossier is filed.
	Procedure, Unit string
	// Form holds the answers given so far; they need not be complete.
	Form json.RawMessage
	// Key is the idempotency key of the posted form.
	Key string
}

// SaveDraft keeps what a citizen has typed so far. Answers need not fit the
// form yet; what is stored is text in NFC.
func (d *Desk) SaveDraft(ctx context.Context, who *identity.Person, dr *Draft) (*Case, error) {
	form, err := cleanForm(dr.Form)
	if err != nil {
		return nil, err
	}
	now := d.now()
	unit, ok := d.Units.UnitAt(dr.Unit, now)
	if !ok {
		return nil, fmt.Errorf("%w: unit %.40q", ErrSubject, dr.Unit)
	}
	if !d.receives(dr.Procedure, unit.Code, now) {
		return nil, fmt.Errorf("%w: unit %.40q receives no dossiers of this procedure", ErrSubject, dr.Unit)
	}
	p, err := d.procedure(dr.Procedure, unit.Code, now)
	if err != nil {
		return nil, fmt.Errorf("%w: procedure %.40q: %w", ErrSubject, dr.Procedure, err)
	}
	actor, why := whostep.Resolve(d.Policy, who, "request", unit.Code, now)
	if why != nil {
		return nil, refused("request", why)
	}
	if why := assured(p, who); why != nil {
		return nil, refused(EventRequest, why)
	}
	id := dr.Dossier
	err = d.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if dr.Dossier != "" {
			return d.changeDraft(ctx, tx, who, dr, unit.Code, form)
		}
		res, err := d.Engine.StartTx(ctx, tx, &workflow.StartCommand{
			// No unit sees it before it is filed.
			Procedure: p.Code, MachineVersion: p.Definition().Version, Owner: who.ID, Actor: actor, Key: dr.Key})
		if err != nil {
			return err
		}
		id = res.Dossier.ID
		if res.Replayed { // the same page posted again, perhaps with other answers
			again := *dr
			again.Dossier, again.Revision = id, 1 // what was saved since is not overwritten
			err := d.changeDraft(ctx, tx, who, &again, unit.Code, form)
			if errors.Is(err, errFiled) { // long since: what they get is the dossier as it is
				return nil
			}
			return err
		}
		r := &row{id: id, procedure: p.Code, owner: who.ID, unit: unit.Code,
			doc: doc{Edition: now, Channel: procedures.Online, Form: form}}
		r.search = searchText(r)
		return d.insert(ctx, tx, r)
	})
	if err != nil {
		return nil, err
	}
	return d.Case(ctx, who, id)
}

var errFiled = errors.New("the draft has been filed")

func (d *Desk) changeDraft(ctx context.Context, tx *sql.Tx, who *identity.Person, dr *Draft, unit string, form json.RawMessage) error {
	dos, err := d.Engine.GetTx(ctx, tx, workflow.Scope{Owner: who.ID}, dr.Dossier)
	if err != nil {
		return err
	}
	r, err := d.load(ctx, tx, "dossier_id", string(dr.Dossier))
	if err != nil {
		return err
	}
	p, err := d.procedure(r.procedure, unit, r.doc.Edition)
	if err != nil {
		return err
	}
	if st, _ := p.State(dos.State); !st.Start {
		return errors.Join(errFiled, refused("save", &workflow.Reason{Code: "filed", VI: "Hồ sơ đã nộp nên không sửa được nữa.",
			EN: "the dossier has been filed and cannot be changed any more"}))
	}
	if bytes.Equal(r.doc.Form, form) && r.unit == unit {
		return nil // the same form posted twice
	}
	if r.revision != dr.Revision {
		return fmt.Errorf("%w: the draft was saved elsewhere meanwhile, revision %d is current", workflow.ErrStale, r.revision)
	}
	r.unit, r.doc.Form = unit, form
	r.search = searchText(r)
	if err := d.save(ctx, tx, r); err != nil {
		return err
	}
	return d.seal(ctx, tx, r.id)
}

// receives says whether a unit is among those that receive dossiers of a
// procedure: elsewhere nobody would see them.
func (d *Desk) receives(procedure, unit string, now time.Time) bool {
	return slices.ContainsFunc(d.Units.Offering(procedure, now), func(u Unit) bool { return u.Code == unit })
}

// assured says why a citizen's sign-in does not suffice for what they ask for.
func assured(p *procedures.Procedure, who *identity.Person) *workflow.Reason {
	need := p.Applicants.Assurance[procedures.Online]
	if who.Kind != identity.Citizen || who.Assurance >= need {
		return nil
	}
	return &workflow.Reason{Code: "assurance",
		VI: fmt.Sprintf("Thủ tục này cần tài khoản định danh mức độ %d. Đăng nhập lại ở mức đó.", need),
		EN: fmt.Sprintf("the procedure needs an account of level %d, sign in at that level", need)}
}

// cleanForm checks that answers are a JSON object of bounded size and turns
// their text to NFC, which both databases then compare alike.
func cleanForm(form json.RawMessage) (json.RawMessage, error) {
	if len(form) == 0 {
		form = json.RawMessage("{}")
	}
	if len(form) > maxForm {
		return nil, fmt.Errorf("%w: the form has more than %d bytes", workflow.ErrInvalid, maxForm)
	}
	var answers map[string]any
	if err := json.Unmarshal(form, &answers); err != nil {
		return nil, fmt.Errorf("%w: the form's answers are not a JSON object", workflow.ErrInvalid)
	}
	if answers == nil {
		answers = map[string]any{}
	}
	plain(answers)
	out, err := json.Marshal(answers)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(identity.NFC(string(out))), nil
}

// plain takes control characters out of answers, pasted in from elsewhere: no
// paper, receipt or statement could print them. Line ends stay.
func plain(answers map[string]any) {
	for name, a := range answers {
		if s, ok := a.(string); ok {
			answers[name] = strings.TrimSpace(strings.Map(func(r rune) rune {
				switch {
				case r == '\n' || !unicode.IsControl(r) && !unicode.IsOneOf([]*unicode.RangeTable{unicode.Cf, unicode.Zl, unicode.Zp}, r):
					return r
				case r == '\r' || r == 0 || unicode.Is(unicode.Cf, r):
					return -1
				}
				return ' '
			}, s))
		}
	}
}

// searchText folds what officials search by: the code, the name of who asks and
// of the paper.
func searchText(r *row) string {
	return identity.Fold(r.code + " " + r.answer("requester_name") + " " + r.answer("document_name"))
}

// procedure returns the edition in force, cut to the modules the province runs.
func (d *Desk) procedure(code, unit string, at time.Time) (*procedures.Procedure, error) {
	p, err := d.Catalogue.AtUnit(code, unit, at)
	if err != nil {
		return nil, err
	}
	return p.With(d.o.Modules...), nil
}

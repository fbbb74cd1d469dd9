package portal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/portal"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// purse is a gate that asks the database first, as a real one does, so that a
// sweep has it fail too.
type purse struct {
	*gate
	db *sqlkit.DB
}

func (p purse) Begin(ctx context.Context, who *identity.Person, in *portal.Payment) (string, error) {
	if err := asks(ctx, p.db); err != nil {
		return "", err
	}
	return p.gate.Begin(ctx, who, in)
}

func (p purse) Refresh(ctx context.Context, _ workflow.DossierID) error { return asks(ctx, p.db) }

func asks(ctx context.Context, db *sqlkit.DB) error {
	var one int
	return db.Read.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// swept is a portal on a database that can fail, without limits.
type swept struct {
	*bundle
	log *observer.ObservedLogs
}

func sweeping(t *testing.T, db *sqlkit.DB) *swept {
	t.Helper()
	core, log := observer.New(zap.ErrorLevel)
	return &swept{log: log, bundle: setupOn(t, db, full, func(p *portal.Parts, o *portal.Options) {
		p.Pay = purse{p.Pay.(*gate), db}
		p.Verify = func(ctx context.Context, r io.ReaderAt, size int64) (*esign.Report, error) {
			if err := asks(ctx, db); err != nil {
				return nil, err
			}
			return judge(ctx, r, size)
		}
		none := portal.Limit{Burst: -1}
		o.Limits = portal.Limits{LookUp: none, LookUpCode: none, Upload: none, Verify: none}
		o.Logger = zap.New(core)
	})}
}

// visit is one request, with the answer it gets when nothing fails.
type visit struct {
	who, method, path string
	kind              string
	body              []byte
	want              int
}

func get(who, path string, want int) visit {
	return visit{who: who, method: http.MethodGet, path: path, want: want}
}

func post(who, path string, values url.Values, want int) visit {
	return visit{who: who, method: http.MethodPost, path: path, kind: "application/x-www-form-urlencoded", body: []byte(values.Encode()),
		want: want}
}

// sending posts a form with a file.
func sending(t *testing.T, who, path, key, content string, want int) visit {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.WriteField("key", key))
	part, err := w.CreateFormFile("tep", "a.pdf")
	require.NoError(t, err)
	_, err = io.WriteString(part, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return visit{who: who, method: http.MethodPost, path: path, kind: w.FormDataContentType(), body: b.Bytes(), want: want}
}

// use makes the request. The portal tells of a fault by an incident, and the log
// says which: another one, e.g. of a page made of what was not read, is no answer.
func (b *swept) use(v visit) sqltest.Use {
	return func(ctx context.Context) error {
		req := httptest.NewRequestWithContext(ctx, v.method, v.path, bytes.NewReader(v.body))
		req.Header.Set("Content-Type", v.kind)
		req.AddCookie(&http.Cookie{Name: "who", Value: v.who})
		rec := httptest.NewRecorder()
		b.portal.ServeHTTP(rec, req)
		told := b.log.TakeAll()
		switch {
		case rec.Code == v.want:
			assert.Empty(b.t, told)
			return nil
		case rec.Code < http.StatusInternalServerError:
			return fmt.Errorf("%s %s: %d, not %d: %s", v.method, v.path, rec.Code, v.want, rec.Body)
		}
		for _, f := range told[0].Context {
			if err, ok := f.Interface.(error); ok {
				return err
			}
		}
		return errors.New("an incident without its error")
	}
}

// acted is a dossier of lan's that steps are taken on.
type acted struct {
	b   *swept
	key string
	*desk.Case
}

func (a *acted) citizen(more string) string  { return "/ho-so/" + string(a.Dossier.ID) + more }
func (a *acted) official(more string) string { return "/can-bo" + a.citizen(more) }

// step is the posted form of a step.
func (a *acted) step(event string, more ...string) url.Values {
	v := url.Values{"event": {event}, "version": {fmt.Sprint(a.Dossier.Version)}, "key": {event + " " + a.key}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

func (a *acted) do(who, event string, more ...func(*desk.Act)) *acted {
	a.b.t.Helper()
	act := &desk.Act{Dossier: a.Dossier.ID, Expect: a.Dossier.Version, Event: event, Key: a.key + event}
	for _, m := range more {
		m(act)
	}
	c, err := a.b.desk.Do(a.b.t.Context(), people[who], act)
	require.NoError(a.b.t, err)
	return &acted{a.b, a.key, c}
}

// formOK are answers that can be filed.
const formOK = `{"requester_name":"Nguyễn Thị Lan","phone":"0912345678","document_kind":"diploma","document_name":"Bằng",` +
	`"pages":2,"copies":1}`

func (b *swept) saved(key, form string) *acted {
	b.t.Helper()
	d := &desk.Draft{Procedure: procedure, Unit: unitA, Form: json.RawMessage(form), Key: key}
	c, err := b.desk.SaveDraft(b.t.Context(), people["lan"], d)
	require.NoError(b.t, err)
	return &acted{b, key, c}
}

// come brings a dossier of lan's to a state, undisturbed.
func (b *swept) come(key, state string) *acted {
	b.t.Helper()
	switch state {
	case "draft":
		return b.saved(key, formOK)
	case "requested":
		return b.come(key, "draft").do("lan", "request")
	case "received":
		return b.come(key, "requested").do("hoa", "receive")
	case "compared":
		a := b.come(key, "received")
		p, err := b.desk.OfferScan(b.t.Context(), people["quang"], a.Dossier.ID, key, strings.NewReader("%PDF"))
		require.NoError(b.t, err)
		return a.do("quang", "compare", func(act *desk.Act) { act.Scan, act.NotExcluded = p.ID, true })
	case "awaiting_fee":
		return b.come(key, "compared").do("quang", "ask_fee")
	case "signing":
		a := b.come(key, "awaiting_fee")
		require.NoError(b.t, b.gate.settle(b.t.Context(), a.Dossier.ID))
		c, err := b.desk.Case(b.t.Context(), people["quang"], a.Dossier.ID)
		require.NoError(b.t, err)
		return &acted{b, key, c}
	}
	require.Fail(b.t, "no way to "+state)
	return nil
}

// visited prepares the request of one page.
type visited func(t *testing.T, b *swept, key string) sqltest.Use

// sweep has each question behind each page fail in turn. Where once is set the
// page changes nothing, or only the first time, and is prepared once.
func (b *swept) sweep(t *testing.T, f *sqltest.Faults, once bool, pages map[string]visited) {
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		t.Run(name, func(t *testing.T) {
			b.t = t
			use := pages[name](t, b, name)
			n := 0
			f.Sweep(t, func(t *testing.T) sqltest.Use {
				if n++; n > 1 && !once {
					b.t = t
					return pages[name](t, b, fmt.Sprint(name, " ", n))
				}
				return use
			})
		})
	}
}

// A page whose database fails says that something went wrong, never that there is
// nothing, or that the person may not; sent again it is answered.
func TestEveryFaultIsAnIncident(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, migrations(), func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		b := sweeping(t, db)
		b.sweep(t, f, true, pages)
		if db.Dialect == sqlkit.SQLite { // the forms themselves ask nothing: the desk's own tests have both
			b.sweep(t, f, true, again)
			b.sweep(t, f, false, steps)
		}
		for _, audit := range []func(context.Context) ([]sqlkit.Problem, error){b.desk.Audit, b.engine.Audit} {
			problems, err := audit(t.Context())
			require.NoError(t, err)
			assert.Empty(t, problems)
		}
	})
}

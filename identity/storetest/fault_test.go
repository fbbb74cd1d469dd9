package storetest

import (
	"database/sql"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/internal/hostileidp"
)

// hide renames a table, so that every statement on it fails.
func (b *bundle) hide(t *testing.T, table string) {
	t.Helper()
	b.exec(t, `ALTER TABLE `+table+` RENAME TO `+table+`_away`)
}

func (b *bundle) show(t *testing.T, table string) {
	t.Helper()
	b.exec(t, `ALTER TABLE `+table+`_away RENAME TO `+table)
}

// Whatever table fails, the call says so, and nothing half done is committed.
func TestFailuresAreTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		known, err := b.people.SignIn(ctx, signIn(t, "u1", "070205000001", "An"))
		require.NoError(t, err)
		all := identity.Scope{Everything: true}
		calls := map[string]func() error{
			"first sign-in": func() error {
				p, err := b.people.SignIn(ctx, signIn(t, "u2", "070205000002", "Bình"))
				assert.Equal(t, err != nil, p == nil)
				return err
			},
			"known sign-in": func() error {
				_, err := b.people.SignIn(ctx, signIn(t, "u1", "070205000001", "An"))
				return err
			},
			"another account": func() error {
				_, err := b.people.SignIn(ctx, signIn(t, "u3", "070205000001", "An"))
				return err
			},
			"register": func() error {
				_, err := b.people.Register(ctx, &identity.RegisterRequest{CitizenID: cid(t, "070205000003"), Name: "Chi"})
				return err
			},
			"find": func() error { _, err := b.people.Find(ctx, cid(t, "070205000001")); return err },
			"get":  func() error { _, err := b.people.Get(ctx, all, known.ID); return err },
			"reveal": func() error {
				id, err := b.people.Reveal(ctx, all, known.ID, &identity.Opening{Who: "cb-1", Purpose: "p"})
				assert.Equal(t, err != nil, id.IsZero(), "nothing is shown that is not recorded")
				return err
			},
			"record": func() error { _, err := b.journal.Record(ctx, opening("cb-1", "H10", "c-1", "r")); return err },
			"list":   func() error { _, err := b.journal.List(ctx, all, nil); return err },
			"audit":  func() error { _, err := b.people.Audit(ctx); return err },
		}
		for table, fail := range map[string][]string{
			"identity_people":   {"first sign-in", "known sign-in", "another account", "register", "find", "get", "reveal", "audit"},
			"identity_accounts": {"first sign-in", "known sign-in", "another account", "audit"},
			"identity_heads":    {"first sign-in", "another account", "register", "reveal", "record", "audit"},
			"identity_openings": {"reveal", "record", "list", "audit"},
		} {
			for _, name := range fail {
				people, accounts := b.count(t, "identity_people"), b.count(t, "identity_accounts")
				b.hide(t, table)
				require.Error(t, calls[name](), "%s without %s", name, table)
				b.show(t, table)
				assert.Equal(t, people, b.count(t, "identity_people"), "%s without %s", name, table)
				assert.Equal(t, accounts, b.count(t, "identity_accounts"), "%s without %s", name, table)
			}
		}
		problems, err := b.people.Audit(ctx)
		require.NoError(t, err)
		assert.Empty(t, problems)
		for name, call := range calls {
			assert.NoError(t, call(), name)
		}
	})
}

func TestTxCallsUseOnlyTheGivenTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		// On SQLite another connection would wait for this transaction for ever.
		err := b.db.InTx(ctx, func(ctx ctxType, tx *sql.Tx) error {
			if _, err := b.people.SignInTx(ctx, tx, signIn(t, "u1", "070205000001", "An")); err != nil {
				return err
			}
			_, err := b.journal.RecordTx(ctx, tx, opening("cb-1", "H10", "c-1", "r"))
			return err
		})
		require.NoError(t, err)
		assert.Equal(t, 1, b.count(t, "identity_people"))
		assert.Equal(t, 1, b.count(t, "identity_openings"))
	})
}

func TestSignInTellsFailures(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		for _, table := range []string{"identity_used", "identity_people", "identity_sessions"} {
			br := s.browser(t)
			path := br.toProvider("/auth/login?provider=citizen", "citizen", citizen)
			b.hide(t, table)
			a := br.get(path)
			assert.Equal(t, http.StatusServiceUnavailable, a.status, table)
			assert.NotContains(t, a.body, table, "a person is not told about tables")
			assert.Empty(t, br.session(), table)
			b.show(t, table)
		}
		br := s.browser(t)
		br.signIn("citizen", citizen)
		b.hide(t, "identity_sessions")
		assert.Equal(t, http.StatusServiceUnavailable, br.get("/private").status)
		assert.Equal(t, http.StatusServiceUnavailable, br.get("/public").status)
		assert.Equal(t, http.StatusServiceUnavailable, br.post("/auth/logout", nil).status, "nobody is told to be signed out who is not")
		require.Error(t, s.signIn.EndSessions(ctx, "x"))
		require.Error(t, s.signIn.Sweep(ctx))
		assert.Equal(t, http.StatusInternalServerError, br.post("/auth/citizen/backchannel", s.logoutToken(nil)).status)
		b.show(t, "identity_sessions")
		assert.Equal(t, http.StatusOK, br.get("/private").status)
		b.hide(t, "identity_used")
		assert.Equal(t, http.StatusInternalServerError, br.post("/auth/citizen/backchannel", s.logoutToken(nil)).status)
		b.show(t, "identity_used")
		assert.Equal(t, http.StatusOK, br.get("/private").status)
		a := br.signIn("citizen", func(a *hostileidp.Answer) { citizen(a); a.NoToken = true })
		assert.Equal(t, http.StatusBadRequest, a.status)
		assert.Equal(t, http.StatusOK, br.get("/private").status, "a sign-in that fails ends no session")
	})
}

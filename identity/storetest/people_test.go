package storetest

import (
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
)

func signIn(t *testing.T, sub, id, name string) *identity.SignInRequest {
	r := &identity.SignInRequest{Issuer: "https://sso.example", Subject: sub, Name: name, Assurance: 1}
	if id != "" {
		r.CitizenID = cid(t, id)
	}
	return r
}

func TestSignInMakesAPseudonym(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		p, err := b.people.SignIn(ctx, signIn(t, "u1", "070205000001", " Nguyễn  Thị\u202e An\n"))
		require.NoError(t, err)
		assert.Equal(t, identity.Citizen, p.Kind)
		assert.Equal(t, "Nguyễn Thị An", p.Name)
		assert.Regexp(t, `^c-[a-z0-9]{20,}$`, p.ID)
		for _, table := range []string{"identity_people", "identity_accounts", "identity_heads"} {
			text := b.dump(t, table)
			for _, secret := range []string{"070205000001", "Nguyễn", "u1|", "sso.example"} {
				assert.NotContains(t, text, secret, table)
			}
		}
		again, err := b.people.SignIn(ctx, signIn(t, "u1", "070205000001", "Nguyễn Thị An"))
		require.NoError(t, err)
		assert.Equal(t, p.ID, again.ID)
		assert.Equal(t, 1, b.count(t, "identity_people"))
		other, err := b.people.SignIn(ctx, signIn(t, "u2", "070205000002", "Trần Văn Bình"))
		require.NoError(t, err)
		assert.NotEqual(t, p.ID, other.ID)
	})
}

func TestAccountsOfOnePersonMeet(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		desk, err := b.people.Register(ctx, &identity.RegisterRequest{CitizenID: cid(t, "070205000001"), Name: "NGUYEN THI AN"})
		require.NoError(t, err)
		p, err := b.people.SignIn(ctx, signIn(t, "u1", "070205000001", "Nguyễn Thị An"))
		require.NoError(t, err)
		assert.Equal(t, desk.ID, p.ID)
		q, err := b.people.SignIn(ctx, signIn(t, "u1-renewed", "070205000001", ""))
		require.NoError(t, err)
		assert.Equal(t, desk.ID, q.ID)
		assert.Equal(t, "Nguyễn Thị An", q.Name, "a provider that gives no name takes none away")
		again, err := b.people.Register(ctx, &identity.RegisterRequest{CitizenID: cid(t, "070205000001"), Name: "SOMEONE ELSE"})
		require.NoError(t, err)
		assert.Equal(t, "Nguyễn Thị An", again.Name, "the desk does not rename who has signed in")
		id, err := b.people.Find(ctx, cid(t, "070205000001"))
		require.NoError(t, err)
		assert.Equal(t, desk.ID, id)
		_, err = b.people.Find(ctx, cid(t, "070205000009"))
		require.ErrorIs(t, err, identity.ErrNotFound)
		assert.NotContains(t, err.Error(), "070205000009")
	})
}

func TestCitizenIDThatArrivesLater(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		p, err := b.people.SignIn(ctx, signIn(t, "u1", "", "An"))
		require.NoError(t, err)
		_, err = b.people.SignIn(ctx, signIn(t, "u1", "070205000001", "An"))
		require.NoError(t, err)
		id, err := b.people.Find(ctx, cid(t, "070205000001"))
		require.NoError(t, err)
		assert.Equal(t, p.ID, id)
		_, err = b.people.SignIn(ctx, signIn(t, "u1", "070205000002", "An"))
		require.ErrorIs(t, err, identity.ErrConflict, "a subject does not change its citizen id")
		_, err = b.people.SignIn(ctx, &identity.SignInRequest{Issuer: "x"})
		require.ErrorIs(t, err, identity.ErrInvalid)
		_, err = b.people.Register(ctx, &identity.RegisterRequest{Name: "An"})
		require.ErrorIs(t, err, identity.ErrInvalid)
	})
}

func TestFirstSignInsAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		ids := make([]string, 8)
		var wg sync.WaitGroup
		for i := range ids {
			req := signIn(t, fmt.Sprint("u", i%2), "070205000001", "An")
			wg.Go(func() {
				p, err := b.people.SignIn(ctx, req)
				if assert.NoError(t, err) {
					ids[i] = p.ID
				}
			})
		}
		wg.Wait()
		for _, id := range ids {
			assert.Equal(t, ids[0], id)
		}
		assert.Equal(t, 1, b.count(t, "identity_people"))
		assert.Equal(t, 2, b.count(t, "identity_accounts"))
		problems, err := b.people.Audit(ctx)
		require.NoError(t, err)
		assert.Empty(t, problems)
	})
}

func TestSignInTxIsTheCallers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		stop := errors.New("stop")
		err := b.db.InTx(ctx, func(ctx ctxType, tx *sql.Tx) error {
			if _, err := b.people.SignInTx(ctx, tx, signIn(t, "u1", "070205000001", "An")); err != nil {
				return err
			}
			if _, err := b.people.RegisterTx(ctx, tx, &identity.RegisterRequest{CitizenID: cid(t, "070205000002"), Name: "B"}); err != nil {
				return err
			}
			if _, err := b.journal.RecordTx(ctx, tx, &identity.Opening{Who: "an", What: "paper", Ref: "r", Purpose: "p"}); err != nil {
				return err
			}
			return stop
		})
		require.ErrorIs(t, err, stop)
		for _, table := range []string{"identity_people", "identity_accounts", "identity_heads", "identity_openings"} {
			assert.Zero(t, b.count(t, table), table)
		}
	})
}

func TestGetNeedsAScope(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		p, err := b.people.SignIn(ctx, signIn(t, "u1", "070205000001", "An"))
		require.NoError(t, err)
		q, err := b.people.SignIn(ctx, signIn(t, "u2", "070205000002", "Bình"))
		require.NoError(t, err)
		for name, s := range map[string]identity.Scope{
			"oneself": {Person: p.ID}, "an official": {Person: "cb-1", Units: []string{"H10.12"}}, "the program": {Everything: true},
		} {
			got, err := b.people.Get(ctx, s, p.ID)
			require.NoError(t, err, name)
			assert.Equal(t, "An", got.Name)
		}
		for name, s := range map[string]identity.Scope{"nobody": {}, "another citizen": {Person: q.ID}} {
			_, err := b.people.Get(ctx, s, p.ID)
			require.ErrorIs(t, err, identity.ErrNotFound, name)
			_, err = b.people.Reveal(ctx, s, p.ID, &identity.Opening{Who: q.ID, Purpose: "curiosity"})
			require.ErrorIs(t, err, identity.ErrNotFound, name)
		}
		_, err = b.people.Get(ctx, identity.Scope{Everything: true}, "c-unknown")
		require.ErrorIs(t, err, identity.ErrNotFound)
	})
}

func TestRevealIsJournalledFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		p, err := b.people.SignIn(ctx, signIn(t, "u1", "070205000001", "An"))
		require.NoError(t, err)
		official := identity.Scope{Person: "cb-1", Units: []string{"H10.12"}}
		_, err = b.people.Reveal(ctx, official, p.ID, &identity.Opening{Who: "cb-1", Unit: "H10.12"})
		require.ErrorIs(t, err, identity.ErrInvalid, "no purpose, no id")
		assert.Zero(t, b.count(t, "identity_openings"))
		id, err := b.people.Reveal(ctx, official, p.ID, &identity.Opening{Who: "cb-1", Unit: "H10.12", Purpose: "đối chiếu giấy tờ"})
		require.NoError(t, err)
		assert.Equal(t, "070205000001", id.Reveal())
		page, err := b.journal.List(ctx, identity.Scope{Everything: true}, nil)
		require.NoError(t, err)
		require.Len(t, page.Openings, 1)
		o := page.Openings[0]
		assert.Equal(t, identity.OpenedCitizenID, o.What)
		assert.Equal(t, p.ID, o.About)
		assert.Equal(t, "đối chiếu giấy tờ", o.Purpose)
		assert.True(t, b.clock.Now().Equal(o.At))
		nameless, err := b.people.SignIn(ctx, signIn(t, "u9", "", "X"))
		require.NoError(t, err)
		_, err = b.people.Reveal(ctx, official, nameless.ID, &identity.Opening{Who: "cb-1", Purpose: "p"})
		require.ErrorIs(t, err, identity.ErrNotFound)
		assert.Equal(t, 2, b.count(t, "identity_openings"))
	})
}

func TestSightIsDated(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		_, err := b.people.SignIn(ctx, signIn(t, "u1", "", "An"))
		require.NoError(t, err)
		first := b.clock.Now().UnixMicro()
		b.clock.Add(time.Hour)
		req := signIn(t, "u1", "", "An")
		req.Assurance = 2
		p, err := b.people.SignIn(ctx, req)
		require.NoError(t, err)
		assert.Equal(t, 2, p.Assurance)
		var f, s int64
		require.NoError(t, b.db.Read.QueryRowContext(ctx, `SELECT first_us, seen_us FROM identity_people`).Scan(&f, &s))
		assert.Equal(t, first, f)
		assert.Equal(t, b.clock.Now().UnixMicro(), s)
	})
}

// A row changed by hand signs nobody in.
func TestAlteredRowIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		p, err := b.people.SignIn(ctx, signIn(t, "u1", "", "An"))
		require.NoError(t, err)
		q, err := b.people.SignIn(ctx, signIn(t, "u2", "", "Bình"))
		require.NoError(t, err)
		b.exec(t, `UPDATE identity_accounts SET person = $1 WHERE person = $2`, p.ID, q.ID)
		_, err = b.people.SignIn(ctx, signIn(t, "u2", "", "Bình"))
		require.ErrorIs(t, err, identity.ErrTampered)
		b.exec(t, `UPDATE identity_people SET assurance = 9 WHERE id = $1`, p.ID)
		_, err = b.people.SignIn(ctx, signIn(t, "u1", "", "An"))
		require.ErrorIs(t, err, identity.ErrTampered)
	})
}

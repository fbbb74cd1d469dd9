package storetest

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// Whoever loses a seal key is told, and no name is overwritten or shown as empty.
func TestMissingSealKeyIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		keys := identity.NewVaultKeys()
		with := func(k identity.VaultKeys) *identity.People {
			v, err := identity.NewVault(k)
			require.NoError(t, err)
			return identity.NewPeople(b.db, v, identity.NewJournal(b.db, v, nil), nil)
		}
		before := with(keys)
		p, err := before.SignIn(ctx, signIn(t, "u1", "070205000001", "An"))
		require.NoError(t, err)
		after := with(identity.VaultKeys{Find: keys.Find, Seal: identity.NewVaultKeys().Seal})
		_, err = after.Get(ctx, everything, p.ID)
		require.ErrorIs(t, err, identity.ErrTampered)
		_, err = after.SignIn(ctx, signIn(t, "u1", "070205000001", ""))
		require.ErrorIs(t, err, identity.ErrTampered, "a provider that gives no name")
		_, err = after.Register(ctx, &identity.RegisterRequest{CitizenID: cid(t, "070205000001"), Name: "B"})
		require.ErrorIs(t, err, identity.ErrTampered)
		_, err = after.Reveal(ctx, everything, p.ID, &identity.Opening{Who: "cb-1", Purpose: "p"})
		require.ErrorIs(t, err, identity.ErrTampered)
		again, err := before.Get(ctx, everything, p.ID)
		require.NoError(t, err)
		assert.Equal(t, "An", again.Name)
	})
}

// A pseudonym that is taken is not given twice, however often it is tried.
func TestTakenPseudonymIsToldAfterAll(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		stuck := identity.NewPeople(b.db, b.vault, b.journal, &identity.PeopleOptions{NewID: func() string { return "same" }})
		_, err := stuck.SignIn(ctx, signIn(t, "u1", "", "An"))
		require.NoError(t, err)
		p, err := stuck.SignIn(ctx, signIn(t, "u2", "", "B"))
		require.Error(t, err)
		assert.True(t, b.db.IsUnique(err))
		assert.Nil(t, p)
		assert.Equal(t, 1, b.count(t, "identity_people"))
	})
}

// A page with a row that cannot be read is no page.
func TestUnreadableOpeningIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		if b.db.Dialect != sqlkit.SQLite {
			return // PostgreSQL keeps no text in a column of numbers
		}
		_, err := b.journal.Record(ctx, opening("cb-1", "H10", "c-1", "r"))
		require.NoError(t, err)
		b.unlock(t)
		b.exec(t, `UPDATE identity_openings SET at_us = $1`, "soon")
		page, err := b.journal.List(ctx, everything, nil)
		require.Error(t, err)
		assert.Nil(t, page)
	})
}

// A provider whose address is not known and that does not answer may still remember
// the person: the session ends here all the same, and the page says so.
func TestSignOutWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		session := newSite(t, b, nil).in(t, fresh{key: "u1", citizenID: "070205000001"}).session()
		other := newSite(t, b, nil) // another node, which has not met the provider yet
		other.idp.Fail("/.well-known/openid-configuration", http.StatusBadGateway)
		br := other.with(t, session)
		require.Equal(t, http.StatusOK, br.get("/private").status)
		a := br.post("/auth/logout", nil)
		require.Equal(t, http.StatusSeeOther, a.status)
		assert.Equal(t, "/auth/signed-out?provider=remembers", a.header.Get("Location"))
		assert.Contains(t, br.get(a.to.String()).body, "may still remember you")
		assert.Equal(t, http.StatusUnauthorized, other.with(t, session).get("/private").status)
	})
}

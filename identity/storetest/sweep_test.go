package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// eachFaulty is each on databases that can fail at any statement.
func eachFaulty(t *testing.T, fn func(t *testing.T, b *bundle, f *sqltest.Faults)) {
	t.Helper()
	sqltest.EachFaulty(t, []sqlkit.Migrations{identity.Migrations()}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		t.Parallel()
		fn(t, newBundle(t, db), f)
	})
}

// clean says that an audit finds nothing.
func (b *bundle) clean(t *testing.T) {
	t.Helper()
	problems, err := b.people.Audit(ctx)
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// fresh names what no run before has touched.
type fresh struct{ key, citizenID string }

var everything = identity.Scope{Everything: true}

// refusedAs turns the refusal that is expected into success, and success into an
// error: a database that failed must not look like a refusal.
func refusedAs(err, want error) error {
	switch {
	case errors.Is(err, want):
		return nil
	case err == nil:
		return fmt.Errorf("not refused as %w", want)
	}
	return err
}

// known returns an error unless the citizen id leads to the person, so that a
// commit that failed unheard is seen.
func (b *bundle) known(ctx context.Context, t *testing.T, x fresh, p *identity.Person, err error) error {
	if err != nil {
		assert.Nil(t, p)
		return err
	}
	id, err := b.people.Find(ctx, cid(t, x.citizenID))
	assert.Equal(t, err == nil, id == p.ID)
	return err
}

func (b *bundle) signedIn(t *testing.T, x fresh) *identity.Person {
	t.Helper()
	p, err := b.people.SignIn(ctx, signIn(t, x.key, x.citizenID, "An"))
	require.NoError(t, err)
	return p
}

// inTx runs fn in a transaction of the caller's.
func (b *bundle) inTx(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	return b.db.InTx(ctx, fn)
}

// peopleUses are what the register of citizens can be asked for.
var peopleUses = map[string]func(t *testing.T, b *bundle, x fresh) sqltest.Use{
	"first sign-in": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		return func(ctx context.Context) error {
			p, err := b.people.SignIn(ctx, signIn(t, x.key, x.citizenID, "An"))
			return b.known(ctx, t, x, p, err)
		}
	},
	"first sign-in without a citizen id": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		return func(ctx context.Context) error {
			p, err := b.people.SignIn(ctx, signIn(t, x.key, "", "An"))
			assert.Equal(t, err == nil, p != nil && p.Name == "An")
			return err
		}
	},
	"known sign-in": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		first := b.signedIn(t, x)
		return func(ctx context.Context) error {
			p, err := b.people.SignIn(ctx, signIn(t, x.key, x.citizenID, ""))
			assert.Equal(t, err == nil, assert.ObjectsAreEqual(first, p))
			return err
		}
	},
	"citizen id that arrives later": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		_, err := b.people.SignIn(t.Context(), signIn(t, x.key, "", "An"))
		require.NoError(t, err)
		return func(ctx context.Context) error {
			p, err := b.people.SignIn(ctx, signIn(t, x.key, x.citizenID, "An"))
			return b.known(ctx, t, x, p, err)
		}
	},
	"another account": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		first := b.signedIn(t, x)
		return func(ctx context.Context) error {
			p, err := b.people.SignIn(ctx, signIn(t, x.key+" renewed", x.citizenID, "An"))
			assert.Equal(t, err == nil, p != nil && p.ID == first.ID)
			return err
		}
	},
	"sign-in that contradicts": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		b.signedIn(t, x)
		return func(ctx context.Context) error {
			_, err := b.people.SignIn(ctx, signIn(t, x.key, "070204000001", "An"))
			return refusedAs(err, identity.ErrConflict)
		}
	},
	"sign-in in the caller's transaction": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		return func(ctx context.Context) error {
			return b.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				p, err := b.people.SignInTx(ctx, tx, signIn(t, x.key, x.citizenID, "An"))
				assert.Equal(t, err == nil, p != nil)
				return err
			})
		}
	},
	"register": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		return func(ctx context.Context) error {
			p, err := b.people.Register(ctx, &identity.RegisterRequest{CitizenID: cid(t, x.citizenID), Name: "An"})
			return b.known(ctx, t, x, p, err)
		}
	},
	"register who is known": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		first := b.signedIn(t, x)
		return func(ctx context.Context) error {
			p, err := b.people.Register(ctx, &identity.RegisterRequest{CitizenID: cid(t, x.citizenID), Name: "B"})
			assert.Equal(t, err == nil, assert.ObjectsAreEqual(first, p))
			return err
		}
	},
	"register in the caller's transaction": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		return func(ctx context.Context) error {
			return b.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				p, err := b.people.RegisterTx(ctx, tx, &identity.RegisterRequest{CitizenID: cid(t, x.citizenID), Name: "An"})
				assert.Equal(t, err == nil, p != nil)
				return err
			})
		}
	},
	"find": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		p := b.signedIn(t, x)
		return func(ctx context.Context) error {
			id, err := b.people.Find(ctx, cid(t, x.citizenID))
			assert.Equal(t, err == nil, id == p.ID)
			return err
		}
	},
	"find nobody": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		return func(ctx context.Context) error {
			_, err := b.people.Find(ctx, cid(t, x.citizenID))
			return refusedAs(err, identity.ErrNotFound)
		}
	},
	"get": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		p := b.signedIn(t, x)
		return func(ctx context.Context) error {
			got, err := b.people.Get(ctx, identity.Scope{Person: p.ID}, p.ID)
			assert.Equal(t, err == nil, assert.ObjectsAreEqual(p, got))
			return err
		}
	},
	"get nobody": func(_ *testing.T, b *bundle, x fresh) sqltest.Use {
		return func(ctx context.Context) error {
			_, err := b.people.Get(ctx, everything, x.key)
			return refusedAs(err, identity.ErrNotFound)
		}
	},
	"reveal": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		p := b.signedIn(t, x)
		return func(ctx context.Context) error {
			id, err := b.people.Reveal(ctx, everything, p.ID, &identity.Opening{ID: x.key, Who: "cb-1", Purpose: "p"})
			assert.Equal(t, err == nil, id == cid(t, x.citizenID), "nothing is shown that is not recorded")
			return err
		}
	},
	"reveal what is not known": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		p, err := b.people.SignIn(t.Context(), signIn(t, x.key, "", "An"))
		require.NoError(t, err)
		return func(ctx context.Context) error {
			id, err := b.people.Reveal(ctx, everything, p.ID, &identity.Opening{Who: x.key, Purpose: "p"})
			assert.True(t, id.IsZero())
			return refusedAs(err, identity.ErrNotFound)
		}
	},
	"audit": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		p := b.signedIn(t, x)
		_, err := b.journal.Record(t.Context(), opening(x.key, "H10", p.ID, "r"))
		require.NoError(t, err)
		return func(ctx context.Context) error {
			problems, err := b.people.Audit(ctx)
			assert.Empty(t, problems)
			return err
		}
	},
}

// Whatever the database refuses, the caller hears of it, and repeating helps.
func TestEveryFaultOfPeopleIsTold(t *testing.T) {
	t.Parallel()
	sweep(t, peopleUses)
}

// sweep has each statement of the uses fail in turn.
func sweep(t *testing.T, uses map[string]func(t *testing.T, b *bundle, x fresh) sqltest.Use) {
	t.Helper()
	eachFaulty(t, func(t *testing.T, b *bundle, f *sqltest.Faults) {
		n := 0
		for name, use := range uses {
			t.Run(name, func(t *testing.T) {
				f.Sweep(t, func(t *testing.T) sqltest.Use {
					n++
					b.clock.Add(time.Second)
					return use(t, b, fresh{key: fmt.Sprint("k-", n), citizenID: fmt.Sprintf("070205%06d", n)})
				})
			})
		}
		b.clean(t)
	})
}

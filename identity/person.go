package identity

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Kind says in what quality a person acts. One human being who is both is two
// persons here: a citizen with the citizens' sign-in, an official with the other.
type Kind string

// The kinds.
const (
	// Citizen is a person with an electronic identification account (tài khoản
	// định danh điện tử), for themself.
	Citizen Kind = "citizen"
	// Official is a cán bộ, công chức or viên chức listed in the directory.
	Official Kind = "official"
)

// Text is a text in Vietnamese and English. EN may be empty.
type Text struct{ VI, EN string }

// Post is a post (chức vụ) an official holds in a unit.
type Post struct {
	Unit     string // unit code
	Title    Text
	Roles    []string
	From, To time.Time // [From, To); the zero To is open
	Decision string    // số quyết định, the personnel decision behind it
}

// At reports whether the post is held at t.
func (p *Post) At(t time.Time) bool { return within(p.From, p.To, t) }

func within(from, to, t time.Time) bool {
	return !t.Before(from) && (to.IsZero() || t.Before(to))
}

// Person is who is asking. A Person from a request's context was resolved for this
// very request; keep its ID, not the value.
type Person struct {
	// ID is the pseudonym other modules store: at random for a citizen ("c-…"),
	// the directory's id for an official. It is never a citizen id.
	ID   string
	Kind Kind
	// Name is for pages. It never reaches a log: String leaves it out.
	Name string
	// Units are the codes of the units of the posts held now.
	Units []string
	// Posts are those held now; none for a citizen.
	Posts []Post
	// Assurance is the level of the sign-in behind the request: 0 unknown, then
	// the levels of the electronic identification account (mức độ 1, mức độ 2,
	// Decree 69/2024/NĐ-CP).
	Assurance int
	// SignedInAt is when the provider authenticated the person, on the protocol's
	// clock.
	SignedInAt time.Time
}

// Roles returns the roles of the posts, sorted, each once.
func (p *Person) Roles() []string {
	var roles []string
	for i := range p.Posts {
		roles = append(roles, p.Posts[i].Roles...)
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// String returns kind and pseudonym, nothing personal.
func (p *Person) String() string {
	if p == nil {
		return "nobody"
	}
	return string(p.Kind) + " " + p.ID
}

// Format keeps the name out of every verb.
func (p Person) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.String())) }

type personKey struct{}

// NewContext returns ctx with the person who is asking. Package signin calls it
// after checking a session; a test may call it.
func NewContext(ctx context.Context, p *Person) context.Context {
	return context.WithValue(ctx, personKey{}, p)
}

// From returns the person who is asking, or false when nobody is signed in.
func From(ctx context.Context) (*Person, bool) {
	p, ok := ctx.Value(personKey{}).(*Person)
	return p, ok && p != nil
}

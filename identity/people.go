package identity

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// citizenPrefix begins every citizen's pseudonym; no official's id begins so.
const citizenPrefix = "c-"

// People is the register of citizens under pseudonyms: who a provider's subject or
// a citizen id means here. It may be used concurrently. Officials are not in it:
// the directory has them, under ids that are pseudonyms already.
type People struct {
	db      *sqlkit.DB
	v       *Vault
	journal *Journal
	o       PeopleOptions
}

// NewPeople makes a register on the tables of Migrations. The journal records each
// revealed citizen id.
func NewPeople(db *sqlkit.DB, v *Vault, j *Journal, o *PeopleOptions) *People {
	return &People{db: db, v: v, journal: j, o: o.withDefaults()}
}

// SignInRequest is what a trusted provider vouches for. Only package signin makes
// one out of a verified token; nothing a browser sends may become one.
type SignInRequest struct {
	Issuer, Subject string
	// CitizenID is the personal id the provider names; zero if it names none.
	CitizenID CitizenID
	// Name is as the provider writes it; control characters are dropped.
	Name string
	// Assurance is the level of this sign-in.
	Assurance int
}

// SignIn returns the person of a provider's subject and records the sight. A
// subject never seen before becomes the person with the same citizen id if there
// is one (another account, or someone registered at the desk), else a new person.
// It may be repeated. A subject whose citizen id differs from the recorded one is
// a Conflict: somebody must look, it is not overwritten.
func (p *People) SignIn(ctx context.Context, r *SignInRequest) (*Person, error) {
	var out *Person
	err := p.tx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		out, err = p.signIn(ctx, tx, r)
		return err
	})
	return out, err
}

// SignInTx is SignIn in the caller's transaction.
func (p *People) SignInTx(ctx context.Context, tx *sql.Tx, r *SignInRequest) (*Person, error) {
	return p.signIn(ctx, tx, r)
}

// RegisterRequest names a citizen an official enters at the desk (hỗ trợ nộp hồ sơ).
type RegisterRequest struct {
	CitizenID CitizenID
	Name      string
}

// Register returns the person with the citizen id, new or known. The name of a
// person who has signed in stays as the provider wrote it. It may be repeated.
func (p *People) Register(ctx context.Context, r *RegisterRequest) (*Person, error) {
	var out *Person
	err := p.tx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		out, err = p.register(ctx, tx, r)
		return err
	})
	return out, err
}

// RegisterTx is Register in the caller's transaction.
func (p *People) RegisterTx(ctx context.Context, tx *sql.Tx, r *RegisterRequest) (*Person, error) {
	return p.register(ctx, tx, r)
}

func (p *People) tx(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	return write(ctx, p.db, fn)
}

func (p *People) signIn(ctx context.Context, tx *sql.Tx, r *SignInRequest) (*Person, error) {
	if r.Issuer == "" || r.Subject == "" || r.Assurance < 0 {
		return nil, Errorf(Invalid, "a sign-in names issuer and subject")
	}
	subject := p.v.Hash("subject", r.Issuer, r.Subject)
	row, err := p.byAccount(ctx, tx, subject)
	if err != nil {
		return nil, err
	}
	link := row == nil
	if row == nil && !r.CitizenID.IsZero() {
		if row, err = p.byCitizenID(ctx, tx, r.CitizenID); err != nil {
			return nil, err
		}
	}
	name, now := CleanName(r.Name), p.o.Now()
	if row == nil {
		if row, err = p.insert(ctx, tx, r.CitizenID, name, r.Assurance, now); err != nil {
			return nil, err
		}
	} else if err = p.update(ctx, tx, row, r, name, now); err != nil {
		return nil, err
	}
	if link {
		if err := p.link(ctx, tx, subject, row.id, now); err != nil {
			return nil, err
		}
	}
	return p.person(row)
}

func (p *People) register(ctx context.Context, tx *sql.Tx, r *RegisterRequest) (*Person, error) {
	name := CleanName(r.Name)
	if r.CitizenID.IsZero() || name == "" {
		return nil, Errorf(Invalid, "a registered citizen has a citizen id and a name")
	}
	row, err := p.byCitizenID(ctx, tx, r.CitizenID)
	if err != nil {
		return nil, err
	}
	if row == nil {
		if row, err = p.insert(ctx, tx, r.CitizenID, name, 0, p.o.Now()); err != nil {
			return nil, err
		}
	} else if err = p.touch(ctx, tx, row, p.o.Now()); err != nil {
		return nil, err
	}
	return p.person(row)
}

// person makes the value other modules see.
func (p *People) person(row *personRow) (*Person, error) {
	name, err := p.v.Open(row.place("name"), row.nameSealed)
	if err != nil {
		return nil, err
	}
	return &Person{ID: row.id, Kind: Kind(row.kind), Name: string(name), Assurance: row.assurance}, nil
}

// CleanName returns a name as it is stored: NFC, control and format characters
// dropped (they reorder or hide text), spaces collapsed, at most 200 characters.
// It may still hold markup; pages escape it.
func CleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, unicode.Is(unicode.C, r):
			return -1
		}
		return r
	}, NFC(s))
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > 200 {
		s = strings.TrimSpace(string(runes[:200]))
	}
	return s
}

// Find returns the pseudonym of the person with the citizen id, or an error of code
// NotFound. Knowing that someone is registered is personal too: the caller asks
// for a permitted official only.
func (p *People) Find(ctx context.Context, c CitizenID) (string, error) {
	if c.IsZero() {
		return "", Errorf(Invalid, "no citizen id")
	}
	ctx, cancel := p.db.Bound(ctx)
	defer cancel()
	var id string
	err := p.db.Read.QueryRowContext(ctx, p.db.Dialect.SQL(`SELECT id FROM identity_people WHERE citizen_hash = $1`),
		p.v.HashCitizenID(c)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", Errorf(NotFound, "no person with this citizen id is registered")
	}
	return id, err
}

// Get returns a citizen with name and highest level seen. The scope sees oneself,
// and everybody when it has units: that the official has business with this very
// person is decided by what led to the pseudonym, a dossier in the same scope.
func (p *People) Get(ctx context.Context, s Scope, id string) (*Person, error) {
	if !s.Owner(id) && len(s.Units) == 0 {
		return nil, notRegistered(id)
	}
	ctx, cancel := p.db.Bound(ctx)
	defer cancel()
	row, err := p.read(ctx, p.db.Read, ` WHERE id = $1`, id)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, notRegistered(id)
	}
	return p.person(row)
}

func notRegistered(id string) error {
	return Errorf(NotFound, "person %q is not registered, or not to be seen in this scope", id)
}

// Reveal records the opening and then returns the citizen id of the person. Who is
// asking must have been allowed StepReveal. In the opening About and What are set
// here. A person without a citizen id is NotFound, and the look is recorded too.
func (p *People) Reveal(ctx context.Context, s Scope, id string, o *Opening) (CitizenID, error) {
	if !s.Owner(id) && len(s.Units) == 0 {
		return CitizenID{}, notRegistered(id)
	}
	in := *o
	in.About, in.What = id, OpenedCitizenID
	if in.Ref == "" {
		in.Ref = id
	}
	if _, err := p.journal.Record(ctx, &in); err != nil {
		return CitizenID{}, err
	}
	ctx, cancel := p.db.Bound(ctx)
	defer cancel()
	row, err := p.read(ctx, p.db.Read, ` WHERE id = $1`, id)
	switch {
	case err != nil:
		return CitizenID{}, err
	case row == nil || row.citizenSealed == nil:
		return CitizenID{}, notRegistered(id)
	}
	return p.v.OpenCitizenID(row.place("citizen"), row.citizenSealed)
}

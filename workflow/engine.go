package workflow

import (
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/workflow/sqlkit"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns the module's tables: workflow_*.
func Migrations() sqlkit.Migrations {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return sqlkit.Migrations{Module: "workflow", FS: sub}
}

// Options are the options of [New]; nil means defaults.
type Options struct {
	// Now is the law's clock: what history lines, guards and deadlines go by.
	// Defaults to time.Now.
	Now func() time.Time
	// ProtocolNow is the machine's clock, by which outbox leases run.
	// Defaults to time.Now.
	ProtocolNow func() time.Time
	// NewID names dossiers. Defaults to 26 random characters.
	NewID func() string
	// Random gives the salts of bodies. Defaults to crypto/rand.
	Random io.Reader
	// Logger gets one debug line a move, without bodies. Defaults to none.
	Logger *zap.Logger
}

// Engine keeps dossiers and moves them. It is safe for concurrent use by many
// goroutines and many processes on one database.
type Engine struct {
	db       *sqlkit.DB
	machines map[[2]string]*Machine // by code and version
	latest   map[string]*Machine    // by code
	outbox   *sqlkit.Outbox
	o        Options
}

// New returns an engine over migrated tables. Of several machines with one code
// the last is the one new dossiers start in; the others go on serving the
// dossiers which started in them.
func New(db *sqlkit.DB, machines []*Machine, o *Options) (*Engine, error) {
	e := &Engine{db: db, machines: map[[2]string]*Machine{}, latest: map[string]*Machine{}}
	if o != nil {
		e.o = *o
	}
	if e.o.Now == nil {
		e.o.Now = time.Now
	}
	if e.o.NewID == nil {
		e.o.NewID = rand.Text
	}
	if e.o.Random == nil {
		e.o.Random = rand.Reader
	}
	if e.o.Logger == nil {
		e.o.Logger = zap.NewNop()
	}
	if db == nil || db.Write == nil {
		return nil, errors.New("workflow: a database is required (sqlopen.Open or sqlkit.Wrap)")
	}
	for _, m := range machines {
		key := [2]string{m.Code(), m.Version()}
		if e.machines[key] != nil {
			return nil, fmt.Errorf("workflow: machine %s version %s is given twice", m.Code(), m.Version())
		}
		e.machines[key] = m
		e.latest[m.Code()] = m
	}
	e.outbox = sqlkit.NewOutbox(db, "workflow_outbox", &sqlkit.OutboxOptions{Now: e.o.ProtocolNow})
	return e, nil
}

// Outbox returns the outbox in which each effect to be done is a message, its
// topic the effect's name. Hand it to riverjobs, or drain it yourself.
func (e *Engine) Outbox() *sqlkit.Outbox { return e.outbox }

// Machine returns the machine a dossier of this procedure and version runs in;
// an empty version means the latest.
func (e *Engine) Machine(procedure, version string) (*Machine, bool) {
	if version == "" {
		m, ok := e.latest[procedure]
		return m, ok
	}
	m, ok := e.machines[[2]string{procedure, version}]
	return m, ok
}

// now is the law's clock at the resolution the tables keep.
func (e *Engine) now() time.Time { return e.o.Now().UTC().Truncate(time.Microsecond) }

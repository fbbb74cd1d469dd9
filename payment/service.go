package payment

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/workflow/sqlkit"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns the module's tables: payment_*.
func Migrations() sqlkit.Migrations {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return sqlkit.Migrations{Module: "payment", FS: sub}
}

// Cash is the gateway name of money received at the counter; no Gateway may
// have it.
const Cash = "cash"

// OnSettled is the application's own move when a charge is settled: it moves the
// dossier. It runs in the transaction of the settlement under a savepoint, once
// for each settlement, and again for each retry of an exception. It MUST use the
// given transaction alone, must not commit or roll it back, and MUST NOT call
// the network. If it fails or panics, what it wrote is undone, the money is
// kept, and an exception of kind MoveRefused holds the error's text, which must
// be free of personal data. It gets half of the transaction's time.
type OnSettled func(context.Context, *sql.Tx, Settled) error

// Settled is what OnSettled is told.
type Settled struct {
	// Charge is the settled charge with its lines and receipts; Charge.ID is a
	// stable idempotency key for the move.
	Charge Charge
	// Attempt is the one that paid.
	Attempt Attempt
}

// Options are the options of [New]; nil means defaults.
type Options struct {
	// Now is the law's clock. Defaults to time.Now.
	Now func() time.Time
	// ProtocolNow is the machine's clock. Defaults to time.Now.
	ProtocolNow func() time.Time
	// NewID names charges, exceptions and receipts: 1 to 32 of A-Z, a-z, 0-9.
	// Defaults to 26 random characters.
	NewID func() string
	// PayWithin is how long a payer has at the gateway. Defaults to 15 min.
	PayWithin time.Duration
	// PollAfter is the pause before an attempt is first asked about; it doubles
	// with each inconclusive answer up to PollAtMost. Defaults: 1 min, 1 h.
	PollAfter, PollAtMost time.Duration
	// GiveUp is how long after expiry an attempt the gateway does not know
	// becomes failed, and one without an outcome becomes an exception. Defaults
	// to 24 h.
	GiveUp time.Duration
	// CallTimeout bounds each call of a gateway. Defaults to 20 s.
	CallTimeout time.Duration
	// Forms are the receipt forms by date. Defaults to ReceiptForms().
	Forms []ReceiptForm
	// OnForged is told of each notice that did not verify, for the province's
	// rate limit. It must be quick and may be called concurrently.
	OnForged func(gateway string, r *http.Request)
	// Logger gets one line for each notice, poll and exception, without personal
	// data. Defaults to none.
	Logger *zap.Logger
}

// Service keeps charges. It is safe for concurrent use by many goroutines and
// many processes on one database.
type Service struct {
	db        *sqlkit.DB
	gateways  map[string]driver.Gateway
	onSettled OnSettled
	outbox    *sqlkit.Outbox
	keys      sqlkit.Key
	o         Options
}

// New returns a service over migrated tables. Names of gateways are stored with
// attempts: 1 to 20 of a-z, 0-9. It refuses a gateway that could never tell how
// a payment ended. onSettled may be nil.
func New(db *sqlkit.DB, gateways map[string]driver.Gateway, onSettled OnSettled, o *Options) (*Service, error) {
	if db == nil || db.Write == nil {
		return nil, errors.New("payment: a database is required (sqlopen.Open or sqlkit.Wrap)")
	}
	s := &Service{
		db: db, gateways: maps.Clone(gateways), onSettled: onSettled, keys: sqlkit.Key{Table: "payment_keys"},
	}
	if o != nil {
		s.o = *o
	}
	s.o.defaults()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(gateways)) {
		errs = append(errs, checkGateway(name, gateways[name]))
	}
	errs = append(errs, checkForms(s.o.Forms))
	s.outbox = sqlkit.NewOutbox(db, "payment_outbox", &sqlkit.OutboxOptions{Now: s.o.ProtocolNow})
	return s, errors.Join(errs...)
}

func (o *Options) defaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ProtocolNow == nil {
		o.ProtocolNow = time.Now
	}
	if o.NewID == nil {
		o.NewID = rand.Text
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Forms == nil {
		o.Forms = ReceiptForms()
	}
	o.PayWithin = cmp.Or(o.PayWithin, 15*time.Minute)
	o.PollAfter = cmp.Or(o.PollAfter, time.Minute)
	o.PollAtMost = cmp.Or(o.PollAtMost, time.Hour)
	o.GiveUp = cmp.Or(o.GiveUp, 24*time.Hour)
	o.CallTimeout = cmp.Or(o.CallTimeout, 20*time.Second)
}

func checkGateway(name string, g driver.Gateway) error {
	if name == Cash || len(name) < 1 || len(name) > 20 || !consists(name, "abcdefghijklmnopqrstuvwxyz0123456789") {
		return fmt.Errorf("payment: gateway name %q must have 1 to 20 of a-z, 0-9 and not be %q", name, Cash)
	}
	_, notified := g.(driver.Notified)
	_, poller := g.(driver.Poller)
	_, reconciled := g.(driver.Reconciled)
	if g == nil || !notified && !poller && !reconciled {
		return fmt.Errorf("payment: gateway %q can never tell how a payment ended: it must be Notified, a Poller or Reconciled", name)
	}
	return nil
}

// Outbox announces what happened, by the topics TopicSettled and TopicException.
func (s *Service) Outbox() *sqlkit.Outbox { return s.outbox }

// Gateways lists the names of the gateways, sorted.
func (s *Service) Gateways() []string { return slices.Sorted(maps.Keys(s.gateways)) }

// now is the law's clock at the resolution the tables keep.
func (s *Service) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

func (s *Service) protocolNow() time.Time { return s.o.ProtocolNow().UTC().Truncate(time.Microsecond) }

// write runs fn in transactions of its own until one commits. fn must be safe to
// repeat: it carries a key, or asks the state first.
func (s *Service) write(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	once := func(ctx context.Context) error { return s.db.InTx(ctx, fn) }
	err := s.db.Retry(ctx, true, once)
	if s.db.IsUnique(err) { // another caller with the same key was first: find what it did
		err = s.db.Retry(ctx, true, once)
	}
	return err
}

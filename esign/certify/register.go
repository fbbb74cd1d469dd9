package certify

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/workflow/sqlkit"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns the register's tables: certify_*.
func Migrations() sqlkit.Migrations {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return sqlkit.Migrations{Module: "certify", FS: sub}
}

// State is where a line stands. The texts are stored and never change.
type State string

// The states. Nothing leads out of the last two.
const (
	Reserved  State = "reserved"
	Certified State = "certified"
	Cancelled State = "cancelled"
)

// Line is one line of the register.
type Line struct {
	ID string
	// Subject is what it is certified for, such as a dossier; opaque.
	Subject string
	// Unit whose register it is, Year and Number in it, Book as it is printed.
	Unit   string
	Year   int
	Number int64
	Book   string
	// Document names the paper; Scan is the SHA-256 of the compared scan, by
	// which it is stored, Pages its page count.
	Document string
	Scan     string
	Pages    int
	Copies   int
	// Official is the pseudonym of who compared.
	Official string
	State    State
	Reason   string
	// Signed of Signatures are made.
	Signed int
	// File is the certified file with Size and FilePages, once certified.
	File      string
	Size      int64
	FilePages int
	// Reserved and Ended are of the law's clock.
	Reserved, Ended time.Time

	plan    string
	version int64
}

// Signatures is how many a line gets: the official's, then the agency's.
const Signatures = 2

// OnCertified is the application's own move when a line is complete: it moves
// the dossier. It runs in the transaction that completes the line, which fails
// with it, and must use that transaction alone.
type OnCertified func(context.Context, *sql.Tx, Line) error

// Names are what the statement and the seals say, as of the day.
type Names struct {
	// Agency and Unit stand in the head; SealUnit and SealAgency on the seal,
	// where they default to those.
	Agency, Unit         string
	SealAgency, SealUnit string
	// Title and Name are those of the official who certifies.
	Title, Name string
	// Holder names the credential that seals: the unit that has taken the line's
	// unit over, where one has. Defaults to the line's unit.
	Holder string
}

// Options are the options of [New]. Files, Names and Key are required.
type Options struct {
	// Files is the store the esign service has, too.
	Files esign.Files
	// Names says how unit and official are called on a day.
	Names func(ctx context.Context, unit, official string, at time.Time) (Names, error)
	// Key is the agency's service key, which signs the offline codes.
	Key ed25519.PrivateKey
	// Now is the law's clock. Defaults to time.Now.
	Now func() time.Time
	// NewID names lines. Defaults to 26 random characters.
	NewID func() string
	// MaxScan bounds a scan, in bytes. Defaults to 64 MiB.
	MaxScan int64
	// Trial prints the trial mark.
	Trial bool
	// Logger gets one line for each step, without personal data. Defaults to
	// none.
	Logger *zap.Logger
}

// Service keeps the register. It is safe for concurrent use by many goroutines
// and many processes on one database.
type Service struct {
	db          *sqlkit.DB
	signatures  *esign.Service
	onCertified OnCertified
	o           Options

	mu      sync.Mutex
	resumed string // the line Resume looked at last
}

// New returns a service over migrated tables, those of esign included.
// onCertified may be nil.
func New(db *sqlkit.DB, signatures *esign.Service, onCertified OnCertified, o *Options) (*Service, error) {
	if db == nil || signatures == nil || o == nil || o.Files == nil || o.Names == nil || len(o.Key) != ed25519.PrivateKeySize {
		return nil, errors.New("certify: a database, the esign service, and options with Files, Names and Key are required")
	}
	s := &Service{db: db, signatures: signatures, onCertified: onCertified, o: *o}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	if s.o.NewID == nil {
		s.o.NewID = rand.Text
	}
	if s.o.MaxScan == 0 {
		s.o.MaxScan = 64 << 20
	}
	if s.o.Logger == nil {
		s.o.Logger = zap.NewNop()
	}
	return s, nil
}

// zone is where registers are kept: the year of a line is the year there.
var zone = time.FixedZone("+07", 7*60*60)

func (s *Service) now() time.Time { return s.o.Now().In(zone).Truncate(time.Microsecond) }

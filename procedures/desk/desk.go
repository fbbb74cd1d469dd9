// Package desk holds the use cases of the one-stop desk (bộ phận một cửa): a
// citizen's draft and request, reception, supplement, refusal, withdrawal,
// comparison, fee, return, look-up and the papers that go with them.
//
// It is for whoever builds pages or an API; package portal is one such. The desk
// binds the four modules together: the engine moves the dossier, the permission
// table says who may, the calendar says when the result is owed, and the desk
// writes its own rows in the transaction of the move.
package desk

import (
	"context"
	"crypto/rand"
	"embed"
	"io"
	"io/fs"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/calendar"
	"github.com/motcua/motcua/workflow/sqlkit"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns the desk's tables: procedures_*.
func Migrations() sqlkit.Migrations {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return sqlkit.Migrations{Module: "procedures", FS: sub}
}

// Unit is an office (đơn vị) as it is on some day.
type Unit struct {
	// Code is the electronic identification code, e.g. "H10.12".
	Code string
	Name procedures.Text
	// Agency is the name above it on papers (cơ quan chủ quản), e.g. the
	// district's or the province's People's Committee.
	Agency  procedures.Text
	Address string
	Phone   string
	Hours   *calendar.Hours
}

// Units is the directory of offices the desk needs. Methods may be called
// concurrently.
type Units interface {
	// UnitAt returns the office with this code, or the one that continues it,
	// as it is at t.
	UnitAt(code string, t time.Time) (Unit, bool)
	// Offering lists the offices that receive dossiers of a procedure at t.
	Offering(procedure string, t time.Time) []Unit
}

// Files keeps content under its SHA-256. Put returns when the bytes would
// survive a power cut.
type Files interface {
	Put(context.Context, io.Reader) (ref string, err error)
	Open(context.Context, string) (io.ReadCloser, error)
}

// Scan is a scan that may be compared with its original, as it will be
// certified.
type Scan struct {
	Data  []byte
	Pages int
}

// Scanner checks an uploaded scan before it is offered for comparison. What it
// does not accept is a [*ScanRefused].
type Scanner func(ctx context.Context, r io.ReaderAt, size int64) (*Scan, error)

// Options are the options of [New]; nil means defaults.
type Options struct {
	// Now is the law's clock. Defaults to time.Now.
	Now func() time.Time
	// NewID names dossiers and papers; defaults to 26 random characters.
	NewID func() string
	// Random gives look-up codes. Defaults to crypto/rand.
	Random io.Reader
	// Calendar defaults to the national one.
	Calendar *calendar.Calendar
	// Modules lists the procedure modules the province runs.
	Modules []string
	// LookUpURL is the address printed in the slip's QR, to which the dossier
	// code is added.
	LookUpURL string
	// Trial has every paper bear "BẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ".
	Trial bool
	// MaxUpload bounds an uploaded file, in bytes. Defaults to 20 MiB.
	MaxUpload int64
	// Logger defaults to none.
	Logger *zap.Logger
}

// Parts are what a desk is made of; all but Scanner, Fees and Register are
// required.
type Parts struct {
	DB        *sqlkit.DB
	Engine    *workflow.Engine
	Catalogue *procedures.Catalogue
	Policy    *identity.Policy
	Units     Units
	Files     Files
	Scanner   Scanner
	// Fees charges what a step owes; nil where the province runs no payment.
	Fees Fees
	// Register certifies; nil where the province runs no certification.
	Register Register
}

// Desk is safe for concurrent use.
type Desk struct {
	Parts
	o Options
}

// New returns a desk over migrated tables.
func New(p Parts, o *Options) *Desk {
	d := &Desk{Parts: p}
	if o != nil {
		d.o = *o
	}
	if d.o.Now == nil {
		d.o.Now = time.Now
	}
	if d.o.NewID == nil {
		d.o.NewID = rand.Text
	}
	if d.o.Random == nil {
		d.o.Random = rand.Reader
	}
	if d.o.Calendar == nil {
		d.o.Calendar = calendar.National()
	}
	if d.o.MaxUpload == 0 {
		d.o.MaxUpload = 20 << 20
	}
	if d.o.Logger == nil {
		d.o.Logger = zap.NewNop()
	}
	return d
}

func (d *Desk) now() time.Time { return d.o.Now().In(procedures.Zone).Truncate(time.Microsecond) }

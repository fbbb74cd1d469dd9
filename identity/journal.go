package identity

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// What an opening opened. Other modules may add kinds of their own.
const (
	OpenedPaper     = "paper"
	OpenedCitizenID = "citizen_id"
)

// Opening says that a person was shown something personal: who, in which unit,
// whose, what, for what purpose, when (law 91/2025/QH15 on personal data; Decree
// 13/2023/NĐ-CP before it).
type Opening struct {
	// ID makes Record idempotent; "" lets Record choose one.
	ID string
	// Who is the pseudonym of the person who was shown it.
	Who string
	// Unit is the unit in whose work it happened; "" for a citizen's own things.
	Unit string
	// About is the pseudonym of the person whose thing it is; "" if not known.
	About string
	// What is the kind of thing, such as OpenedPaper.
	What string
	// Ref names the thing for the module that has it; nobody parses it.
	Ref string
	// Purpose says why in words, 1 to 500 characters, without any citizen id.
	Purpose string
	// At is set by Record.
	At time.Time
}

// Journal is the access journal: append-only, each person's openings chained by
// keyed marks. It may be used concurrently; openings of one person wait for each
// other.
type Journal struct {
	db *sqlkit.DB
	v  *Vault
	o  JournalOptions
}

// NewJournal makes a journal on the tables of Migrations.
func NewJournal(db *sqlkit.DB, v *Vault, o *JournalOptions) *Journal {
	return &Journal{db: db, v: v, o: o.withDefaults()}
}

// Record writes an opening and returns its ID. Call it before showing the thing: if
// it fails, nothing is shown. With an ID given it may be repeated.
func (j *Journal) Record(ctx context.Context, o *Opening) (string, error) {
	in := *o
	if in.ID == "" {
		in.ID = j.o.NewID()
	}
	var id string
	err := write(ctx, j.db, func(ctx context.Context, tx *sql.Tx) (err error) {
		id, err = j.record(ctx, tx, &in)
		return err
	})
	return id, err
}

// RecordTx is Record in the caller's transaction.
func (j *Journal) RecordTx(ctx context.Context, tx *sql.Tx, o *Opening) (string, error) {
	return j.record(ctx, tx, o)
}

// longNumber finds what might be a citizen id in a purpose.
var longNumber = regexp.MustCompile(`\d{9}`)

func (o *Opening) validate() error {
	switch {
	case o.Who == "" || o.What == "" || o.Ref == "":
		return Errorf(Invalid, "an opening names who, what and ref")
	case o.Purpose == "" || utf8.RuneCountInString(o.Purpose) > 500:
		return Errorf(Invalid, "an opening has a purpose of 1 to 500 characters")
	case longNumber.MatchString(o.Purpose):
		return Errorf(Invalid, "a purpose holds no citizen id (name the dossier instead)")
	}
	for _, s := range []string{o.ID, o.Who, o.Unit, o.About, o.What, o.Ref} {
		if len(s) > 256 {
			return Errorf(Invalid, "the references of an opening have at most 256 bytes")
		}
	}
	return nil
}

func (j *Journal) record(ctx context.Context, tx *sql.Tx, o *Opening) (string, error) {
	in := *o
	in.Purpose = NFC(in.Purpose)
	if err := in.validate(); err != nil {
		return "", err
	}
	if in.ID == "" {
		in.ID = j.o.NewID()
	}
	in.At = j.o.Now()
	d := j.db.Dialect
	list := "openings/" + in.Who
	var who string
	err := tx.QueryRowContext(ctx, d.SQL(`SELECT who FROM identity_openings WHERE id = $1`), in.ID).Scan(&who)
	switch {
	case err == nil && who != in.Who:
		return "", Errorf(Conflict, "opening %s belongs to another person", in.ID)
	case err == nil:
		// A repetition writes too, so that its answer is as durable as the first.
		_, err = tx.ExecContext(ctx, d.SQL(`UPDATE identity_heads SET n = n WHERE name = $1`), list)
		return in.ID, err
	case !errors.Is(err, sql.ErrNoRows):
		return "", err
	}
	n, prev, err := nextNo(ctx, tx, d, list)
	if err != nil {
		return "", err
	}
	mark := openingMark(j.v, &in, n, prev)
	if _, err := tx.ExecContext(ctx, d.SQL(`INSERT INTO identity_openings
		(id, who, n, unit, about, what, ref, purpose, at_us, prev, mark) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`),
		in.ID, in.Who, n, in.Unit, in.About, in.What, in.Ref, in.Purpose, in.At.UnixMicro(), prev, mark); err != nil {
		return "", err
	}
	return in.ID, setHead(ctx, tx, d, j.v, list, n, mark)
}

func openingMark(v *Vault, o *Opening, n int64, prev []byte) []byte {
	return v.Mark("identity_openings", o.ID, o.Who, strconv.FormatInt(n, 10), o.Unit, o.About, o.What, o.Ref, o.Purpose,
		strconv.FormatInt(o.At.UnixMicro(), 10), string(prev))
}

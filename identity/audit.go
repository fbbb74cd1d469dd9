package identity

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Audit recounts the module's tables on one view of the database and names each
// row that was changed, added or removed outside the program. Sessions and used
// states are not counted: they pass. It only reads; it needs the vault's key, with
// which the program marked what it wrote.
func (p *People) Audit(ctx context.Context) ([]sqlkit.Problem, error) {
	a := &audit{v: p.v, d: p.db.Dialect, people: map[string]bool{}, heads: map[string]*head{}}
	err := p.db.Snapshot(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, step := range []struct {
			table string
			read  func(context.Context, *sql.Tx) error
		}{
			{"identity_heads", a.readHeads}, {"identity_people", a.readPeople},
			{"identity_accounts", a.readAccounts}, {"identity_openings", a.readOpenings},
		} {
			if err := step.read(ctx, tx); err != nil {
				return fmt.Errorf("%s cannot be read: %w", step.table, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.unusedHeads()
	return a.Found, nil
}

type audit struct {
	sqlkit.Recount
	v      *Vault
	d      sqlkit.Dialect
	people map[string]bool
	heads  map[string]*head
}

func (a *audit) readHeads(ctx context.Context, tx *sql.Tx) error {
	const query = `SELECT name, n, digest, mark FROM identity_heads ORDER BY name`
	return a.Each(ctx, tx, "identity_heads", 1, query, func(scan func(...any) error) error {
		h := &head{}
		if err := scan(&h.name, &h.n, &h.digest, &h.mark); err != nil {
			return err
		}
		if !h.good(a.v) {
			a.Bad("identity_heads", h.name, "the mark does not fit the row")
		}
		a.heads[h.name] = h
		return nil
	})
}

// take returns the head of a list once; an empty one without it.
func (a *audit) take(name string) *head {
	h := a.heads[name]
	if h == nil {
		return &head{name: name}
	}
	delete(a.heads, name)
	return h
}

// counter checks that numbers run from 1 to the head's without gaps.
type counter struct {
	a     *audit
	table string
	next  int64
}

func (c *counter) see(no int64, row string) {
	for c.next++; c.next < no; c.next++ {
		c.a.Bad(c.table, "no "+strconv.FormatInt(c.next, 10), "the row is missing")
	}
	if no < c.next {
		c.a.Bad(c.table, row, "number %d stands twice", no)
		c.next--
	}
}

func (c *counter) end(h *head) {
	for c.next++; c.next <= h.n; c.next++ {
		c.a.Bad(c.table, "no "+strconv.FormatInt(c.next, 10), "the row is missing")
	}
	if c.next--; c.next > h.n {
		c.a.Bad("identity_heads", h.name, "counts %d rows and there are %d", h.n, c.next)
	}
}

func (a *audit) readPeople(ctx context.Context, tx *sql.Tx) error {
	c := counter{a: a, table: "identity_people"}
	const query = `SELECT ` + personColumns + ` FROM identity_people ORDER BY no`
	err := a.Each(ctx, tx, c.table, 1, query, func(scan func(...any) error) error {
		p := &personRow{}
		if err := scan(p.fields()...); err != nil {
			return err
		}
		a.people[p.id] = true
		c.see(p.no, p.id)
		if !bytes.Equal(p.mark, p.wantMark(a.v)) {
			a.Bad("identity_people", p.id, "the mark does not fit the row")
			return nil
		}
		if _, err := a.v.Open(p.place("name"), p.nameSealed); err != nil {
			a.Bad("identity_people", p.id, "the name does not open")
		}
		if p.citizenSealed == nil {
			return nil
		}
		id, err := a.v.OpenCitizenID(p.place("citizen"), p.citizenSealed)
		if err != nil || !bytes.Equal(p.citizenHash, a.v.HashCitizenID(id)) {
			a.Bad("identity_people", p.id, "the citizen id does not open or does not fit its hash")
		}
		return nil
	})
	c.end(a.take("people"))
	return err
}

func (a *audit) readAccounts(ctx context.Context, tx *sql.Tx) error {
	c := counter{a: a, table: "identity_accounts"}
	const query = `SELECT no, subject_hash, person, first_us, mark FROM identity_accounts ORDER BY no`
	err := a.Each(ctx, tx, c.table, 1, query, func(scan func(...any) error) error {
		var subject, mark []byte
		var person string
		var no, first int64
		if err := scan(&no, &subject, &person, &first, &mark); err != nil {
			return err
		}
		row := "no " + strconv.FormatInt(no, 10)
		c.see(no, row)
		if !bytes.Equal(mark, accountMark(a.v, subject, person, no, first)) {
			a.Bad("identity_accounts", row, "the mark does not fit the row")
		}
		if !a.people[person] {
			a.Bad("identity_accounts", row, "person %s is missing", person)
		}
		return nil
	})
	c.end(a.take("accounts"))
	return err
}

func (a *audit) readOpenings(ctx context.Context, tx *sql.Tx) error {
	var c *counter
	var last []byte
	var whose string
	finish := func() {
		if c == nil {
			return
		}
		h := a.take("openings/" + whose)
		c.end(h)
		if c.next == h.n && !bytes.Equal(h.digest, last) {
			a.Bad("identity_heads", h.name, "the chain ends in another opening")
		}
	}
	query := `SELECT id, who, n, unit, about, what, ref, purpose, at_us, prev, mark FROM identity_openings ORDER BY who, n`
	err := a.Each(ctx, tx, "identity_openings", 1, query, func(scan func(...any) error) error {
		var o Opening
		var n, at int64
		var prev, mark []byte
		if err := scan(&o.ID, &o.Who, &n, &o.Unit, &o.About, &o.What, &o.Ref, &o.Purpose, &at, &prev, &mark); err != nil {
			return err
		}
		o.At = time.UnixMicro(at)
		if c == nil || o.Who != whose {
			finish()
			c, last, whose = &counter{a: a, table: "identity_openings"}, []byte{}, o.Who
		}
		before := c.next
		c.see(n, o.ID)
		switch {
		case !bytes.Equal(mark, openingMark(a.v, &o, n, prev)):
			a.Bad("identity_openings", o.ID, "the mark does not fit the row")
		case c.next == before+1 && !bytes.Equal(prev, last):
			a.Bad("identity_openings", o.ID, "the chain breaks before this opening")
		}
		last = mark
		return nil
	})
	finish()
	return err
}

// unusedHeads names lists that lost all their rows.
func (a *audit) unusedHeads() {
	for _, name := range slices.Sorted(maps.Keys(a.heads)) {
		h := a.heads[name]
		if who, ok := strings.CutPrefix(name, "openings/"); ok {
			a.Bad("identity_openings", "who "+who, "%d openings are missing", h.n)
			continue
		}
		a.Bad("identity_heads", name, "belongs to no list")
	}
}

package esign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/tsp"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// Audit recounts the module's tables and returns what does not agree: plans against their digests, signatures against
// their plans, values against keys, time stamps against values, files against their hashes. It only reads, all rows of
// one moment, and then the files. Problems name the table and the row.
func (s *Service) Audit(ctx context.Context) ([]sqlkit.Problem, error) {
	a := &audit{s: s}
	if err := s.db.Snapshot(ctx, a.rows); err != nil {
		return nil, err
	}
	for _, f := range a.files {
		if err := a.file(ctx, f); err != nil {
			return nil, err
		}
	}
	return a.Found, nil
}

type audit struct {
	sqlkit.Recount
	s     *Service
	files []auditFile
}

// auditFile is a file a row names: its hash and size, where they are recorded.
type auditFile struct {
	table, row, ref string
	hash            []byte
	size            int64 // 0: not recorded
}

// page is how many plans are read at once.
const auditPage = 200

func (a *audit) rows(ctx context.Context, tx *sql.Tx) error {
	found, err := planSeal().Check(ctx, tx, a.s.db.Dialect)
	if err != nil {
		return err
	}
	a.Found = append(a.Found, found...)
	for after := ""; ; {
		keys, err := a.keys(ctx, tx, after)
		if err != nil {
			return err
		}
		for _, key := range keys {
			p, err := a.s.load(ctx, tx, key)
			if errors.Is(err, sqlkit.ErrUnreadable) {
				a.Bad("esign_plans", key, "it or one of its signatures holds what cannot be read")
				continue
			}
			if err != nil {
				return err
			}
			if err := a.plan(ctx, tx, p); err != nil {
				return err
			}
		}
		if len(keys) < auditPage {
			break
		}
		after = keys[len(keys)-1]
	}
	for _, table := range []string{"esign_signatures", "esign_attempts"} {
		if err := a.orphans(ctx, tx, table); err != nil {
			return err
		}
	}
	return a.messages(ctx, tx)
}

func (a *audit) keys(ctx context.Context, tx *sql.Tx, after string) (keys []string, err error) {
	return a.texts(ctx, tx, "SELECT key FROM esign_plans WHERE key > $1 ORDER BY key LIMIT "+strconv.Itoa(auditPage), after)
}

func (a *audit) texts(ctx context.Context, tx *sql.Tx, query string, args ...any) (out []string, err error) {
	rows, err := tx.QueryContext(ctx, a.s.db.Dialect.SQL(query), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var t string
		if err := rows.Scan(&t); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

func (a *audit) orphans(ctx context.Context, tx *sql.Tx, table string) error {
	rows, err := a.texts(ctx, tx, "SELECT plan_key FROM "+table+
		" AS t WHERE NOT EXISTS (SELECT 1 FROM esign_plans WHERE key = t.plan_key) ORDER BY plan_key")
	for _, key := range rows {
		a.Bad(table, key, "belongs to no plan")
	}
	return err
}

func (a *audit) plan(ctx context.Context, tx *sql.Tx, p *planRow) error {
	const table = "esign_plans"
	sum := sha256.Sum256(p.text)
	if !bytes.Equal(sum[:], p.digest) {
		a.Bad(table, p.key, "the plan is not the one of its digest")
	}
	if p.plan.Key != p.key || p.plan.Purpose != p.purpose || len(p.plan.Signatures) != p.total || p.total != len(p.signatures) {
		a.Bad(table, p.key, "key, purpose or number of signatures is not the plan's")
		return nil
	}
	done, current, hash, open := 0, p.prepared, []byte(nil), true
	for i := range p.signatures {
		r := &p.signatures[i]
		row := p.key + "/" + strconv.Itoa(i)
		if r.seq != i || r.field != p.plan.Signatures[i].Field || r.holder != p.plan.Signatures[i].Holder {
			a.Bad("esign_signatures", row, "order, field or holder is not the plan's")
		}
		if !open && (r.state != stepPlanned || r.attempt != 1) {
			a.Bad("esign_signatures", row, "is under way before the one before it is made")
		}
		open = r.state == stepDone
		if r.state != stepPlanned && r.base != "" && r.base != current {
			a.Bad("esign_signatures", row, "signs another file than the one before it left")
		}
		a.signature(row, p, r)
		if err := a.attempts(ctx, tx, row, p.key, r); err != nil {
			return err
		}
		if r.state == stepDone {
			done++
			current, hash = r.result, r.hash
		}
	}
	a.planState(p, done, current, hash)
	return nil
}

func (a *audit) planState(p *planRow, done int, current string, hash []byte) {
	const table = "esign_plans"
	if p.done != done {
		a.Bad(table, p.key, "counts %d signatures where %d are made", p.done, done)
	}
	if p.current != current || hash != nil && !bytes.Equal(p.hash, hash) {
		a.Bad(table, p.key, "its newest file is not the one the last signature left")
	}
	next := p.next()
	stopped := next != nil && (next.state == stepRefused || next.state == stepExpired)
	if (p.state == planDone) != (next == nil) || (p.state == planStopped) != (stopped && p.state != planCancelled) ||
		p.state < planOpen || p.state > planCancelled {
		a.Bad(table, p.key, "state %d is not what its signatures say", p.state)
	}
	if (p.state == planCancelled) != (p.reason != "") {
		a.Bad(table, p.key, "a reason without cancellation, or the other way")
	}
	a.files = append(a.files, auditFile{table: table, row: p.key, ref: p.current, hash: p.hash})
}

// signature recounts one row: everything that is there must follow from what was there before it.
func (a *audit) signature(row string, p *planRow, r *signatureRow) {
	const table = "esign_signatures"
	built := r.state >= stepBuilt
	if r.state < stepPlanned || r.state > stepExpired {
		a.Bad(table, row, "state %d is unknown", r.state)
		return
	}
	if !built {
		if r.transaction != "" || len(r.value) > 0 || r.result != "" {
			a.Bad(table, row, "has results before it is begun")
		}
		return
	}
	c, err := r.credential()
	sum := sha256.Sum256(r.attrs)
	if err != nil || !bytes.Equal(sum[:], r.toSign) || r.transaction == "" || r.at <= 0 {
		a.Bad(table, row, "path, attributes or their digest do not agree")
		return
	}
	if r.seq < 0 || r.seq >= len(p.plan.Signatures) {
		a.Bad(table, row, "signature %d is none of the plan's %d", r.seq, len(p.plan.Signatures))
		return
	}
	signed := r.state >= stepSigned && r.state <= stepDone
	if signed != (len(r.value) > 0) || (r.state == stepDone) != (r.result != "") || r.state == stepAsked && r.handle == "" {
		a.Bad(table, row, "has not the results of state %d", r.state)
		return
	}
	a.files = append(a.files, auditFile{table: table, row: row, ref: r.increment})
	if !signed {
		return
	}
	if err := recount(c, r, p.plan.Signatures[r.seq].Level); err != nil {
		a.Bad(table, row, "%v", err)
	}
	if r.state == stepDone {
		a.files = append(a.files, auditFile{table: table, row: row, ref: r.result, hash: r.hash, size: r.gapTo + r.tail})
	}
}

// recount checks value and token as a verifier would.
func recount(c *credential, r *signatureRow, level Level) error {
	if err := cms.VerifyDigest(c.leaf.PublicKey, cms.Scheme(r.scheme), crypto.SHA256, r.toSign, r.value); err != nil {
		return err
	}
	der, err := c.assemble(r.attrs, r.value, nil)
	if err != nil {
		return err
	}
	sd, err := cms.Parse(der, nil)
	if err != nil {
		return err
	}
	if err := sd.Signers[0].CheckSigningCertificate(c.leaf); err != nil {
		return err
	}
	stamped := level == LevelBT && r.state >= stepStamped
	if stamped != (len(r.token) > 0) {
		return errors.New("the time stamp is missing, or should not be there")
	}
	if !stamped {
		return nil
	}
	token, err := tsp.ParseToken(r.token, nil)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(r.value)
	if err := token.CheckImprint(crypto.SHA256, sum[:]); err != nil {
		return err
	}
	return token.Verify(token.Certificate(nil))
}

// attempts checks that each attempt that ended is recorded, and no other.
func (a *audit) attempts(ctx context.Context, tx *sql.Tx, row, key string, r *signatureRow) (err error) {
	rows, err := tx.QueryContext(ctx, a.s.db.Dialect.SQL("SELECT attempt, transaction_id, outcome FROM esign_attempts"+
		" WHERE plan_key = $1 AND seq = $2 ORDER BY attempt"), key, r.seq)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	const table = "esign_attempts"
	ended := r.attempt - 1
	if r.state >= stepSigned {
		ended = r.attempt
	}
	n := 0
	for rows.Next() {
		var attempt int
		var transaction string
		var outcome Code
		if err := rows.Scan(&attempt, &transaction, &outcome); err != nil {
			return err
		}
		n++
		last := attempt == r.attempt
		want := map[step]Code{stepRefused: CodeRefused, stepExpired: CodeExpired}[r.state]
		switch {
		case attempt != n || attempt > ended:
			a.Bad(table, row+"/"+strconv.Itoa(attempt), "an attempt that has not ended, or out of order")
		case last && (transaction != r.transaction || outcome != want):
			a.Bad(table, row+"/"+strconv.Itoa(attempt), "is not how the signature's transaction ended")
		case !last && outcome != CodeRefused && outcome != CodeExpired:
			a.Bad(table, row+"/"+strconv.Itoa(attempt), "another attempt followed although it did not fail")
		}
	}
	if n < ended {
		a.Bad(table, row, "%d attempts of %d are recorded", n, ended)
	}
	return rows.Err()
}

func (a *audit) messages(ctx context.Context, tx *sql.Tx) error {
	waiting, err := a.outbox(ctx, tx)
	if err != nil {
		return err
	}
	for _, m := range waiting {
		var said Announcement
		if err := json.Unmarshal(m.Payload, &said); err != nil {
			a.Bad("esign_outbox", m.ID, "its payload cannot be read")
			continue
		}
		var state planState
		err := tx.QueryRowContext(ctx, a.s.db.Dialect.SQL("SELECT state FROM esign_plans WHERE key = $1"), said.Key).Scan(&state)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		completed := m.Topic == TopicCompleted && m.ID == said.Key && state == planDone
		stopped := m.Topic == TopicStopped && strings.HasPrefix(m.ID, said.Key+"/") && state != 0
		if !completed && !stopped {
			a.Bad("esign_outbox", m.ID, "announces what no plan says")
		}
	}
	return nil
}

func (a *audit) outbox(ctx context.Context, tx *sql.Tx) (out []sqlkit.Message, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, topic, payload FROM esign_outbox ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m sqlkit.Message
		if err := rows.Scan(&m.ID, &m.Topic, &m.Payload); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// file reads a file through and compares it with what its row says.
func (a *audit) file(ctx context.Context, f auditFile) error {
	hash, size, err := a.s.hash(ctx, f.ref)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		a.Bad(f.table, f.row, "a file it names cannot be read: %v", err)
	case f.hash != nil && !bytes.Equal(hash, f.hash) || f.size != 0 && f.size != size:
		a.Bad(f.table, f.row, "a file it names is not the one that was recorded")
	}
	return nil
}

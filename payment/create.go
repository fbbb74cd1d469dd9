package payment

import (
	"context"
	"database/sql"
)

const (
	maxLines = 50
	maxTotal = 1_000_000_000_000 // đồng; a fee above it is a mistake
	maxKey   = 200
	idChars  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// CreateRequest is a charge to be made.
type CreateRequest struct {
	// Key is the idempotency key, 1 to 200 bytes. Required.
	Key string
	// Subject is what it is owed for, 1 to 200 bytes. Required.
	Subject string
	// Purpose tells several charges of one subject apart; opaque.
	Purpose string
	// Unit (đơn vị) sees the charge. Required.
	Unit string
	// Agency (cơ quan thu) issues the receipts and has their numbers. Defaults
	// to Unit.
	Agency string
	// Payer owes it. ID is required; a receipt without a name is allowed.
	Payer Payer
	// Title says what is paid for, 1 to 200 characters, without personal data:
	// the gateway shows it, with accents taken off.
	Title string
	// Lines are 1 to 50 fees. A dossier that owes nothing has no charge.
	Lines []FeeLine
}

// Create makes a charge. Repeated with the same key and the same request it
// returns the charge as it stands now; with another request it is ErrConflict.
func (s *Service) Create(ctx context.Context, req *CreateRequest) (*Charge, error) {
	var c *Charge
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		c, err = s.CreateTx(ctx, tx, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// CreateTx is Create in the caller's transaction: the charge is there if and
// only if that commits.
func (s *Service) CreateTx(ctx context.Context, tx *sql.Tx, req *CreateRequest) (*Charge, error) {
	c, err := s.newCharge(req)
	if err != nil {
		return nil, err
	}
	if err := checkKey(req.Key); err != nil {
		return nil, err
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	id, found, err := s.replay(ctx, tx, "create", req.Key, body)
	if err != nil {
		return nil, err
	}
	if found {
		return s.lock(ctx, tx, id)
	}
	if err := s.insertCharge(ctx, tx, c); err != nil {
		return nil, err
	}
	if err := s.remember(ctx, tx, "create", req.Key, body, c.ID, c.ID); err != nil {
		return nil, err
	}
	return c, s.seal(ctx, tx, c.ID)
}

func (s *Service) newCharge(req *CreateRequest) (*Charge, error) {
	now := s.now()
	c := &Charge{
		ID: s.o.NewID(), Subject: req.Subject, Purpose: req.Purpose, Unit: req.Unit, Agency: req.Agency,
		Payer: Payer{ID: req.Payer.ID, Name: clean(req.Payer.Name)}, Title: clean(req.Title),
		State: StateDue, Created: now, Changed: now,
	}
	if c.Agency == "" {
		c.Agency = c.Unit
	}
	switch {
	case len(c.ID) < 1 || len(c.ID) > 32 || !consists(c.ID, idChars):
		return nil, fail(CodeInternal, "Options.NewID made %q; it must have 1 to 32 letters and digits", c.ID)
	case len(c.Subject) < 1 || len(c.Subject) > maxKey || len(c.Purpose) > maxKey:
		return nil, fail(CodeInvalid, "subject must have 1 to 200 bytes, purpose at most 200")
	case len(c.Unit) < 1 || len(c.Unit) > maxKey || len(c.Agency) > maxKey:
		return nil, fail(CodeInvalid, "unit must have 1 to 200 bytes, agency at most 200")
	case len(c.Payer.ID) < 1 || len(c.Payer.ID) > maxKey || !readable(c.Payer.Name, 0):
		return nil, fail(CodeInvalid, "payer needs an id of 1 to 200 bytes and a name of at most 200 characters on one line")
	case !readable(c.Title, 1):
		return nil, fail(CodeInvalid, "title must have 1 to 200 characters on one line")
	case len(req.Lines) < 1 || len(req.Lines) > maxLines:
		return nil, fail(CodeInvalid, "a charge has 1 to %d fee lines; who owes nothing needs no charge", maxLines)
	}
	for i, l := range req.Lines {
		l.Name = clean(l.Name)
		switch {
		case l.Kind.VI() == "":
			return nil, fail(CodeInvalid, "fee line %d: kind must be %q or %q", i+1, Phi, LePhi)
		case len(l.Code) < 1 || len(l.Code) > 40 || !consists(l.Code, "abcdefghijklmnopqrstuvwxyz0123456789_.-"):
			return nil, fail(CodeInvalid, "fee line %d: code must have 1 to 40 of a-z, 0-9, '_', '.', '-'", i+1)
		case !readable(l.Name, 1):
			return nil, fail(CodeInvalid, "fee line %d: name must have 1 to 200 characters on one line", i+1)
		case l.Amount < 1:
			return nil, fail(CodeInvalid, "fee line %d: amount must be at least 1 đ; leave the line out", i+1)
		}
		var err error
		if c.Total, err = c.Total.Add(l.Amount); err != nil || c.Total > maxTotal {
			return nil, fail(CodeInvalid, "the lines add up to more than %v", Dong(maxTotal))
		}
		c.Lines = append(c.Lines, l)
	}
	return c, nil
}

// chargeBody is what never changes about a charge, and what a repeated Create is
// compared by.
type chargeBody struct {
	Subject, Purpose, Unit, Agency string
	Payer                          Payer
	Title                          string
	Lines                          []FeeLine
	Total                          Dong
}

func (c *Charge) body() ([]byte, error) {
	return digestOf(chargeBody{c.Subject, c.Purpose, c.Unit, c.Agency, c.Payer, c.Title, c.Lines, c.Total})
}

// seal is the digest stored with the charge: body, name and time.
func (c *Charge) seal() ([]byte, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	return digestOf(struct {
		ID      string
		Created int64
		Body    []byte
	}{c.ID, us(c.Created), body})
}

func (s *Service) insertCharge(ctx context.Context, tx *sql.Tx, c *Charge) error {
	seal, err := c.seal()
	if err != nil {
		return err
	}
	err = s.exec(ctx, tx, "INSERT INTO payment_charges ("+chargeColumns+", digest, seen, seal)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, '', '', $13, 0, '')",
		c.ID, c.Subject, c.Purpose, c.Unit, c.Agency, c.Payer.ID, c.Payer.Name, c.Title, int64(c.Total), us(c.Created),
		string(c.State), us(c.Changed), seal)
	if err != nil {
		return err
	}
	for i, l := range c.Lines {
		err := s.exec(ctx, tx, "INSERT INTO payment_fee_lines (charge_id, line_no, kind, code, name, amount)"+
			" VALUES ($1, $2, $3, $4, $5, $6)", c.ID, i+1, string(l.Kind), l.Code, l.Name, int64(l.Amount))
		if err != nil {
			return err
		}
	}
	return nil
}

func checkKey(key string) error {
	if len(key) < 1 || len(key) > maxKey {
		return fail(CodeInvalid, "key must have 1 to 200 bytes")
	}
	return nil
}

// replay looks a key up. Keys of different calls don't meet.
func (s *Service) replay(ctx context.Context, tx *sql.Tx, call, key string, digest []byte) (string, bool, error) {
	result, found, err := s.keys.Replay(ctx, tx, s.db.Dialect, call+":"+key, digest)
	if err != nil {
		if found {
			return "", true, &Error{Code: CodeConflict, Text: call, Err: err}
		}
		return "", false, err
	}
	return string(result), found, nil
}

// remember keeps a key with its first result and the charge it is about.
func (s *Service) remember(ctx context.Context, tx *sql.Tx, call, key string, digest []byte, result, charge string) error {
	if err := s.keys.Save(ctx, tx, s.db.Dialect, call+":"+key, digest, []byte(result), s.protocolNow()); err != nil {
		return err
	}
	return s.exec(ctx, tx, "UPDATE payment_keys SET charge_id = $1 WHERE key = $2", charge, call+":"+key)
}

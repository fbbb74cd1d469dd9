package drivertest

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/internal/tsp"
)

// Bend changes what goes between the timestamper and the authority. An error is
// a broken connection. Nil functions, and a nil *Bend, leave the bytes alone.
type Bend struct {
	// Request gets the TimeStampReq on its way to the authority.
	Request func(ctx context.Context, request []byte) ([]byte, error)
	// Answer gets the TimeStampResp as the authority sent it. It may wait for the
	// context.
	Answer func(ctx context.Context, answer []byte) ([]byte, error)
}

// TimestamperHarness gives the kit a timestamper before a working authority.
type TimestamperHarness interface {
	// Timestamper returns one whose requests and answers pass through bend. Where
	// the protocol is HTTP, [BendTransport] does it.
	Timestamper(ctx context.Context, bend *Bend) (driver.Timestamper, error)
	// Close frees what the harness holds.
	Close()
}

// TimestamperFeatures says what the timestamper can do.
type TimestamperFeatures struct {
	// Anchored: it was told which root to trust, so that an answer signed by
	// anyone else must be refused. Without it such an answer is let through, and
	// package esign must not be given it in production.
	Anchored bool
}

// RunTimestamper runs the kit, each case as a subtest with a harness of its own.
func RunTimestamper(
	t *testing.T, newHarness func(context.Context, *testing.T) (TimestamperHarness, error), f TimestamperFeatures,
) {
	t.Helper()
	run(t, newHarness, timestamperChecks(f))
}

// CheckTimestamper runs the same cases on one harness, one after the other, and
// joins what is wrong; nil means the timestamper keeps the contract.
func CheckTimestamper(ctx context.Context, h TimestamperHarness, f TimestamperFeatures) error {
	return all(ctx, h, timestamperChecks(f))
}

func timestamperChecks(f TimestamperFeatures) []check[TimestamperHarness] {
	refusal := func(name, rule string, bent func() (*Bend, error)) check[TimestamperHarness] {
		return check[TimestamperHarness]{name, func(ctx context.Context, h TimestamperHarness) error {
			return refusesBent(ctx, h, rule, name, bent)
		}}
	}
	checks := []check[TimestamperHarness]{
		{"Stamp", stamp},
		{"Concurrency", stampConcurrently},
		{"WrongLength", wrongLength},
		{"Replay", replay},
		{"Endless", endless},
		refusal("Silence", "T2", plain(nil)),
		refusal("Noise", "T2", plain([]byte("<html>Bảo trì</html>"))),
		refusal("Rejection", "T2", answer(&tsp.Response{Status: tsp.Rejection, Failure: tsp.SystemFailure})),
		refusal("Waiting", "T2", answer(&tsp.Response{Status: tsp.Waiting, Failure: tsp.NoFailure})),
		refusal("CutShort", "T2", onBytes(func(b []byte) []byte { return b[:max(0, len(b)-1)] })),
		refusal("MoreBehind", "T2", onBytes(func(b []byte) []byte { return append(b, 0) })),
		refusal("ChangedOctet", "T2", onBytes(changeLast)),
		refusal("OtherImprint", "T2", asked(func(r *tsp.Request) { r.Imprint = make([]byte, len(r.Imprint)) })),
		refusal("OtherHash", "T2", asked(func(r *tsp.Request) { r.Hash, r.Imprint = crypto.SHA512, make([]byte, 64) })),
		refusal("OtherNonce", "T2", asked(func(r *tsp.Request) { r.Nonce = big.NewInt(1) })),
		refusal("NoNonce", "T2", asked(func(r *tsp.Request) { r.Nonce = nil })),
		refusal("NoCertificates", "T1", asked(func(r *tsp.Request) { r.CertReq = false })),
		refusal("SignerNotForTimeStamping", "T2", reissue(noUsage)),
		refusal("UsageNotCritical", "T2", reissue(notCritical)),
		{"Forged", func(ctx context.Context, h TimestamperHarness) error { return forged(ctx, h, f) }},
		{"Deadline", deadline},
	}
	return checks
}

func imprint() []byte {
	d := sha256.Sum256([]byte(rand.Text()))
	return d[:]
}

func timestamper(ctx context.Context, h TimestamperHarness, bend *Bend) (driver.Timestamper, error) {
	ts, err := h.Timestamper(ctx, bend)
	if err != nil {
		return nil, fmt.Errorf("the harness gives no timestamper: %w", err)
	}
	return ts, nil
}

// good checks a token as package esign will before it is embedded.
func good(raw []byte, h crypto.Hash, imprint []byte) error {
	token, err := tsp.ParseToken(raw, nil)
	if err != nil {
		return broken("T1", "the token cannot be read: %w", err)
	}
	if token.CMS.Consumed != len(raw) || !token.CMS.WasDER {
		return broken("T1", "the token is not the DER of one TimeStampToken")
	}
	if err := token.CheckImprint(h, imprint); err != nil {
		return broken("T1", "%w", err)
	}
	c := token.Certificate(nil)
	if c == nil {
		return broken("T1", "the token does not carry its signer's certificate")
	}
	if err := token.Verify(c); err != nil {
		return broken("T1", "%w", err)
	}
	return nil
}

func stamp(ctx context.Context, h TimestamperHarness) error {
	ts, err := timestamper(ctx, h, nil)
	if err != nil {
		return err
	}
	d256, d512 := imprint(), sha512.Sum512([]byte(rand.Text()))
	for hash, d := range map[crypto.Hash][]byte{crypto.SHA256: d256, crypto.SHA512: d512[:]} {
		raw, err := ts.Timestamp(ctx, hash, d)
		if err != nil {
			return broken("T1", "a %v imprint is refused: %w", hash, err)
		}
		if err := good(raw, hash, d); err != nil {
			return err
		}
	}
	return nil
}

func stampConcurrently(ctx context.Context, h TimestamperHarness) error {
	ts, err := timestamper(ctx, h, nil)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			d := imprint()
			raw, err := ts.Timestamp(ctx, crypto.SHA256, d)
			if err == nil {
				err = good(raw, crypto.SHA256, d)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func wrongLength(ctx context.Context, h TimestamperHarness) error {
	var asked atomic.Int32
	ts, err := timestamper(ctx, h, &Bend{Request: func(_ context.Context, b []byte) ([]byte, error) {
		asked.Add(1)
		return b, nil
	}})
	if err != nil {
		return err
	}
	for _, d := range [][]byte{nil, make([]byte, 20), make([]byte, 33)} {
		if _, err := ts.Timestamp(ctx, crypto.SHA256, d); err == nil {
			return broken("T6", "an imprint of %d octets is accepted with SHA-256", len(d))
		}
	}
	if asked.Load() > 0 {
		return broken("T6", "the authority was asked about an imprint of the wrong length")
	}
	return nil
}

// replay sends the recorded answer to an earlier request about the same imprint.
func replay(ctx context.Context, h TimestamperHarness) error {
	var first atomic.Pointer[[]byte]
	ts, err := timestamper(ctx, h, &Bend{Answer: func(_ context.Context, b []byte) ([]byte, error) {
		if !first.CompareAndSwap(nil, &b) {
			return *first.Load(), nil
		}
		return b, nil
	}})
	if err != nil {
		return err
	}
	d := imprint()
	if _, err := ts.Timestamp(ctx, crypto.SHA256, d); err != nil {
		return broken("T1", "an untouched answer is refused: %w", err)
	}
	if _, err := ts.Timestamp(ctx, crypto.SHA256, d); err == nil {
		return broken("T3", "an answer to an earlier request is accepted")
	}
	return nil
}

func endless(ctx context.Context, h TimestamperHarness) error {
	return refusesBent(ctx, h, "T5", "an answer of 32 MiB", onBytes(func(b []byte) []byte {
		return append(b, make([]byte, 32<<20)...)
	}))
}

func deadline(ctx context.Context, h TimestamperHarness) error {
	ts, err := timestamper(ctx, h, &Bend{Answer: func(ctx context.Context, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := ts.Timestamp(ctx, crypto.SHA256, imprint())
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			return broken("T5", "a token although the authority never answered")
		}
		return nil
	case <-time.After(10 * time.Second):
		return broken("T5", "still waiting ten seconds after the context's end")
	}
}

func refusesBent(ctx context.Context, h TimestamperHarness, rule, what string, bent func() (*Bend, error)) error {
	bend, err := bent()
	if err != nil {
		return err
	}
	ts, err := timestamper(ctx, h, bend)
	if err != nil {
		return err
	}
	if _, err := ts.Timestamp(ctx, crypto.SHA256, imprint()); err == nil {
		return broken(rule, "%s: the answer is accepted", what)
	}
	return nil
}

func forged(ctx context.Context, h TimestamperHarness, f TimestamperFeatures) error {
	bend, err := reissue(fit)()
	if err != nil {
		return err
	}
	ts, err := timestamper(ctx, h, bend)
	if err != nil {
		return err
	}
	d := imprint()
	raw, err := ts.Timestamp(ctx, crypto.SHA256, d)
	switch {
	case f.Anchored && err == nil:
		return broken("T4", "a token of an unknown authority is accepted")
	case !f.Anchored && err != nil:
		return broken("T4", "Anchored is not declared, yet a well-made token of another authority is refused: %w", err)
	case !f.Anchored:
		return good(raw, crypto.SHA256, d)
	}
	return nil
}

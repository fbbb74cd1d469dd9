package drivertest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/motcua/motcua/esign/driver"
)

func (c *signerCase) pending() error {
	r := c.request(1)
	b, err := c.begin(r)
	if err != nil {
		return err
	}
	req := &driver.CompleteRequest{Begin: r, Handle: b.Handle}
	for range 2 {
		out, err := c.s.Complete(c.ctx, req)
		if err != nil {
			return broken("M1", "Complete before the holder decided fails: %w", err)
		}
		switch {
		case c.f.Delayed && (out == nil || out.State != driver.Pending):
			return broken("M1", "Complete before the holder decided is not Pending")
		case c.f.Delayed && len(out.Signatures) > 0:
			return broken("M1", "a Pending answer has signature values")
		case c.f.Delayed && out.RetryAfter < 0:
			return broken("M1", "a negative RetryAfter")
		case !c.f.Delayed && (out == nil || out.State != driver.Signed):
			return broken("M1", "a signer without Delayed does not answer Signed at once")
		}
	}
	_, err = c.signed(c.s, r, b.Handle)
	return err
}

func (c *signerCase) completeAgain() error {
	r := c.request(1)
	b, err := c.begin(r)
	if err != nil {
		return err
	}
	if _, err := c.signed(c.s, r, b.Handle); err != nil {
		return err
	}
	// The values need not be the same bytes; each must hold.
	if _, err := c.complete(c.s, r, b.Handle); err != nil {
		return broken("M3", "again: %w", err)
	}
	again, err := c.s.Begin(c.ctx, r)
	if err != nil || again.Handle != b.Handle {
		return broken("M3", "Begin after Signed does not give the same handle: %v", err)
	}
	return nil
}

func (c *signerCase) cold() error {
	r := c.request(1)
	b, err := c.begin(r)
	if err != nil {
		return err
	}
	fresh, err := c.h.Signer(c.ctx)
	if err != nil {
		return fmt.Errorf("the harness gives no second signer: %w", err)
	}
	// The request as it comes back from a database: equal, not the same.
	stored := *r
	stored.Items = nil
	for _, item := range r.Items {
		stored.Items = append(stored.Items, driver.Item{Name: item.Name, Digest: bytes.Clone(item.Digest)})
	}
	if _, err := c.signed(fresh, &stored, b.Handle); err != nil {
		return broken("M4", "in another process: %w", err)
	}
	return nil
}

func (c *signerCase) foreignHandle() error {
	a, b := c.request(1), c.request(1)
	ha, err := c.begin(a)
	if err != nil {
		return err
	}
	hb, err := c.begin(b)
	if err != nil {
		return err
	}
	if ha.Handle == hb.Handle {
		return broken("M5", "two transactions share a handle")
	}
	if _, err := c.signed(c.s, a, ha.Handle); err != nil {
		return err
	}
	for what, handle := range map[string]string{
		"a handle of another transaction": ha.Handle, "no handle": "", "a handle nobody gave": "kit-unknown",
	} {
		_, err := c.s.Complete(c.ctx, &driver.CompleteRequest{Begin: b, Handle: handle})
		if err := c.refuses("M5", what, b, err, driver.CodeNotFound, driver.CodeConflict); err != nil {
			return err
		}
	}
	return nil
}

func (c *signerCase) refused() error {
	return c.final("the holder's no", driver.CodeRefused, c.h.Refuse)
}

func (c *signerCase) expired() error {
	return c.final("a transaction that ran out", driver.CodeExpired, c.h.Expire)
}

func (c *signerCase) final(what string, code driver.Code, act func(context.Context, string) error) error {
	if !c.f.Delayed {
		return nil // nobody is asked, so nobody can refuse; Pending covers the other way
	}
	r := c.request(1)
	b, err := c.begin(r)
	if err != nil {
		return err
	}
	if err := act(c.ctx, b.Handle); err != nil {
		return fmt.Errorf("the harness: %w", err)
	}
	for range 2 {
		_, err := c.s.Complete(c.ctx, &driver.CompleteRequest{Begin: r, Handle: b.Handle})
		if err := c.refuses("M6", what, r, err, code); err != nil {
			return err
		}
	}
	return nil
}

func (c *signerCase) batch() error {
	r := c.request(3)
	if !c.f.Batch {
		_, err := c.s.Begin(c.ctx, r)
		return c.refuses("B3", "several items without Batch", r, err, driver.CodeUnsupported)
	}
	b, err := c.begin(r)
	if err != nil {
		return err
	}
	if _, err := c.signed(c.s, r, b.Handle); err != nil {
		return err
	}
	// Fewer items than confirmed, or another order, is another request.
	part := *r
	part.Items = r.Items[:2]
	swapped := *r
	swapped.Items = []driver.Item{r.Items[1], r.Items[0], r.Items[2]}
	for what, other := range map[string]*driver.BeginRequest{"a part of the items": &part, "items in another order": &swapped} {
		_, err := c.s.Complete(c.ctx, &driver.CompleteRequest{Begin: other, Handle: b.Handle})
		if err := c.refuses("B2", what, other, err, driver.CodeConflict, driver.CodeNotFound); err != nil {
			return err
		}
	}
	return nil
}

func (c *signerCase) schemes() error {
	r := c.request(1)
	r.Scheme = driver.RSAPSS
	if !c.f.RSAPSS || c.scheme != driver.RSAPKCS1v15 {
		_, err := c.s.Begin(c.ctx, r)
		return c.refuses("B3", "RSA-PSS without the feature", r, err, driver.CodeInvalid, driver.CodeUnsupported)
	}
	b, err := c.begin(r)
	if err != nil {
		return err
	}
	_, err = c.signed(c.s, r, b.Handle)
	return err
}

func (c *signerCase) errorCodes() error {
	if got := c.s.ErrorCode(nil); got != driver.CodeOK {
		return broken("E1", "ErrorCode(nil) is %q", got)
	}
	for _, err := range []error{context.Canceled, context.DeadlineExceeded, fmt.Errorf("asking: %w", context.DeadlineExceeded)} {
		if got := c.s.ErrorCode(err); got != driver.CodeUnavailable {
			return broken("E1", "ErrorCode(%v) is %q instead of %q", err, got, driver.CodeUnavailable)
		}
	}
	return nil
}

func (c *signerCase) cancelled() error {
	r := c.request(1)
	b, err := c.begin(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	// A key at hand may still answer; what fails must be called unavailable.
	if _, err := c.s.Begin(ctx, r); err != nil && c.s.ErrorCode(err) != driver.CodeUnavailable {
		return broken("E1", "Begin with an ended context is %q: %w", c.s.ErrorCode(err), err)
	}
	req := &driver.CompleteRequest{Begin: r, Handle: b.Handle}
	if _, err := c.s.Complete(ctx, req); err != nil && c.s.ErrorCode(err) != driver.CodeUnavailable {
		return broken("E1", "Complete with an ended context is %q: %w", c.s.ErrorCode(err), err)
	}
	_, err = c.signed(c.s, r, b.Handle)
	return err
}

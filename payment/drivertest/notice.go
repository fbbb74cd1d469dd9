package drivertest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/motcua/motcua/payment/driver"
)

func amounts() []int64 { return []int64{1, 2_000, 149_999, 150_000, 12_345_678} }

// told makes the genuine notice of f, parses it and compares.
func (e *env) told(ctx context.Context, f Facts) error {
	raw, err := e.notice(ctx, f)
	if err != nil {
		return err
	}
	r, err := e.parse(ctx, raw)
	if err != nil {
		return fmt.Errorf("a genuine notice is refused: %w", err)
	}
	return matches(r, f, e.f.Account)
}

func noticeGenuine(ctx context.Context, e *env) error {
	var errs []error
	for _, a := range amounts() {
		errs = append(errs, e.told(ctx, e.facts(e.intent(a))))
	}
	return errors.Join(errs...)
}

// noticeForeign: what is not ours is reported, not judged.
func noticeForeign(ctx context.Context, e *env) error {
	f := e.facts(e.intent(20_000))
	f.Amount-- // nobody asked for this amount, nobody started this reference
	errs := []error{e.told(ctx, f)}
	if e.f.Account {
		f.Merchant = foreignMerchant
		errs = append(errs, e.told(ctx, f))
	}
	return errors.Join(errs...)
}

func noticeOutcome(ctx context.Context, e *env) error {
	var errs []error
	for _, o := range e.outcomes() {
		if err := e.told(ctx, e.facts(e.intent(20_000)).as(o)); err != nil {
			errs = append(errs, fmt.Errorf("a notice of %v: %w", o, err))
		}
	}
	return errors.Join(errs...)
}

func noticeRepeated(ctx context.Context, e *env) error {
	raw, err := e.notice(ctx, e.facts(e.intent(20_000)))
	if err != nil {
		return err
	}
	before := clone(raw)
	first, err := e.parse(ctx, raw)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(raw, before) {
		return errors.New("the raw notice was changed")
	}
	var (
		all  sync.WaitGroup
		errs = make([]error, 8)
	)
	for i := range errs {
		all.Go(func() {
			r, err := e.parse(ctx, clone(before))
			if err == nil && !same(r, first) {
				err = errors.New("the same bytes gave another report")
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// noticeDelayed: gateways retry for days, and a notice does not spoil.
func noticeDelayed(ctx context.Context, e *env) error {
	in := e.intent(20_000)
	in.Created = in.Created.Add(-8 * 24 * time.Hour)
	return e.told(ctx, e.facts(in))
}

// refused checks that altered bytes are refused, or mean what they meant before.
func (e *env) refused(ctx context.Context, raw *driver.Raw, what string, meant ...*driver.Report) error {
	r, err := e.parse(ctx, raw)
	if err != nil {
		if c := e.g.ErrorCode(err); c != driver.CodeForged && c != driver.CodeInvalid {
			return fmt.Errorf("%s: refused as %v, must be forged or invalid (rule N4)", what, c)
		}
		return nil
	}
	for _, m := range meant {
		if same(r, m) {
			return nil
		}
	}
	return fmt.Errorf("%s: believed", what)
}

func noticeNonsense(ctx context.Context, e *env) error {
	long := make([]byte, 1<<20)
	for i := range long {
		long[i] = 'a'
	}
	var errs []error
	for name, raw := range map[string]*driver.Raw{
		"nothing":        {},
		"an empty GET":   {Method: "GET"},
		"an empty POST":  {Method: "POST", Header: map[string][]string{}},
		"separators":     {Method: "GET", Query: "&&==&=&"},
		"broken escapes": {Method: "GET", Query: "%zz=%&%="},
		"broken JSON":    {Method: "POST", Body: []byte(`{"a":[{`)},
		"null":           {Method: "POST", Body: []byte(`null`)},
		"binary":         {Method: "POST", Body: []byte{0, 255, 254, 13, 10}},
		"a megabyte":     {Method: "POST", Query: string(long), Body: long},
	} {
		errs = append(errs, e.refused(ctx, raw, name))
	}
	return errors.Join(errs...)
}

func acks(_ context.Context, e *env) error {
	n, ok := e.g.(driver.Notified)
	if !ok {
		return errors.New("the adapter has no Ack method")
	}
	var errs []error
	for _, v := range driver.Verdicts() {
		a := n.Ack(v)
		if a.Status < 200 || a.Status > 599 {
			errs = append(errs, fmt.Errorf("%v: HTTP status %d", v, a.Status))
		}
		if len(a.Body) > 0 && a.ContentType == "" {
			errs = append(errs, fmt.Errorf("%v: a body without a content type", v))
		}
		if !reflect.DeepEqual(a, n.Ack(v)) {
			errs = append(errs, fmt.Errorf("%v: answered differently the second time", v))
		}
	}
	for _, stop := range []driver.Verdict{driver.Accepted, driver.Repeated} {
		for _, v := range []driver.Verdict{driver.Retry, driver.Forged, driver.WrongAmount, driver.UnknownRef, -1, 99} {
			if reflect.DeepEqual(n.Ack(v), n.Ack(stop)) {
				errs = append(errs, fmt.Errorf("%v is answered like %v", v, stop))
			}
		}
	}
	return errors.Join(errs...)
}

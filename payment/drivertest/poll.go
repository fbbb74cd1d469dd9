package drivertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/motcua/motcua/payment/driver"
)

// started opens a payment and books facts about it.
func (e *env) started(ctx context.Context, amount int64, change func(*Facts)) (Facts, error) {
	in := e.intent(amount)
	if _, err := e.g.Start(ctx, in); err != nil {
		return Facts{}, err
	}
	f := e.facts(in)
	if change != nil {
		change(&f)
	}
	return f, e.book(ctx, f)
}

func poll(ctx context.Context, e *env) error {
	outcomes := []driver.Outcome{driver.Paid, driver.Failed, driver.Unknown}
	if e.f.Held {
		outcomes = append(outcomes, driver.Held)
	}
	var errs []error
	check := func(name string, amount int64, change func(*Facts)) {
		f, err := e.started(ctx, amount, change)
		var first, again *driver.Report
		if err == nil {
			first, err = e.poll(ctx, f.Ref, f.Created)
		}
		if err == nil {
			err = matches(first, f, e.f.Account)
		}
		if err == nil {
			again, err = e.poll(ctx, f.Ref, f.Created)
		}
		if err == nil && !same(first, again) {
			err = errors.New("asked again, the answer is another one")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	for _, o := range outcomes {
		check(o.String(), 150_000, func(f *Facts) { *f = f.as(o) })
	}
	for _, a := range amounts() {
		check(fmt.Sprintf("%d đ", a), a, nil)
	}
	check("one đồng short", 150_000, func(f *Facts) { f.Amount-- })
	return errors.Join(errs...)
}

func pollUnknown(ctx context.Context, e *env) error {
	_, err := e.poll(ctx, "KITNEVERSTARTED", e.now)
	if err == nil {
		return errors.New("a reference that was never started is reported")
	}
	if c := e.g.ErrorCode(err); c != driver.CodeNotFound {
		return fmt.Errorf("a reference that was never started is %v, must be not found: %w", c, err)
	}
	in := e.intent(10_000)
	if _, err := e.g.Start(ctx, in); err != nil {
		return err
	}
	r, err := e.poll(ctx, in.Ref, in.Created)
	if err != nil {
		if c := e.g.ErrorCode(err); c != driver.CodeNotFound {
			return fmt.Errorf("a payment nobody paid yet is %v: %w", c, err)
		}
		return nil
	}
	if r.Outcome != driver.Unknown {
		return fmt.Errorf("a payment nobody paid yet is %v", r.Outcome)
	}
	return nil
}

func pollCancelled(ctx context.Context, e *env) error {
	f, err := e.started(ctx, 10_000, nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err = e.poll(ctx, f.Ref, f.Created)
	return e.unavailable("Poll with a cancelled context", err)
}

// pollNetwork: what goes wrong on the way is never an outcome.
func pollNetwork(ctx context.Context, e *env) error {
	f, err := e.started(ctx, 10_000, func(f *Facts) { *f = f.as(driver.Failed) })
	if err != nil {
		return err
	}
	before, _ := e.w.seen()
	var errs []error
	try := func(what string, must bool, alter func(*http.Response, []byte) ([]byte, error)) {
		var (
			r   *driver.Report
			err error
		)
		e.w.with(alter, func() { r, err = e.poll(ctx, f.Ref, f.Created) })
		switch c := e.g.ErrorCode(err); {
		case err == nil:
			errs = append(errs, fmt.Errorf("%s: reported %v", what, r.Outcome))
		case c == driver.CodeNotFound, must && c != driver.CodeUnavailable:
			errs = append(errs, fmt.Errorf("%s: classified %v", what, c))
		}
	}
	try("answer lost", true, func(*http.Response, []byte) ([]byte, error) {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset")}
	})
	try("HTTP 502", true, func(r *http.Response, _ []byte) ([]byte, error) {
		r.StatusCode = http.StatusBadGateway
		return []byte("<html>bad gateway</html>"), nil
	})
	try("a page instead of an answer", false, func(*http.Response, []byte) ([]byte, error) { return []byte("<html></html>"), nil })
	try("an empty answer", false, func(*http.Response, []byte) ([]byte, error) { return nil, nil })
	try("half an answer", false, func(_ *http.Response, b []byte) ([]byte, error) { return b[:len(b)/2], nil })
	try("an endless answer", false, func(_ *http.Response, b []byte) ([]byte, error) {
		return append(bytes.Repeat([]byte(" "), 1<<20), b...), nil
	})
	if after, _ := e.w.seen(); after == before {
		errs = append(errs, errors.New("Features declares HTTP, and Poll did not use the client"))
	}
	return errors.Join(errs...)
}

// pollOther answers a question with the genuine answer to another.
func pollOther(ctx context.Context, e *env) error {
	paid, err := e.started(ctx, 10_000, nil)
	if err != nil {
		return err
	}
	if _, err := e.poll(ctx, paid.Ref, paid.Created); err != nil {
		return err
	}
	_, answer := e.w.seen()
	open, err := e.started(ctx, 10_000, func(f *Facts) { *f = f.as(driver.Unknown) })
	if err != nil {
		return err
	}
	var r *driver.Report
	e.w.with(func(*http.Response, []byte) ([]byte, error) { return answer, nil }, func() {
		r, err = e.poll(ctx, open.Ref, open.Created)
	})
	if err == nil {
		return fmt.Errorf("an answer about another reference was taken: %v", r.Outcome)
	}
	return nil
}

// pollBent changes each byte of the answer. Without a signature some change must
// get through; if none does, the feature was forgotten.
func pollBent(ctx context.Context, e *env) error {
	f, err := e.started(ctx, 150_000, nil)
	if err != nil {
		return err
	}
	honest, err := e.poll(ctx, f.Ref, f.Created)
	if err != nil {
		return err
	}
	_, answer := e.w.seen()
	believed := 0
	var errs []error
	for n, s := range bends(string(answer)) {
		var r *driver.Report
		e.w.with(func(*http.Response, []byte) ([]byte, error) { return []byte(s), nil }, func() {
			r, err = e.poll(ctx, f.Ref, f.Created)
		})
		if err != nil || same(r, honest) {
			continue
		}
		believed++
		if e.f.SignedAnswers {
			errs = append(errs, fmt.Errorf("answer with change %d was believed", n))
		}
	}
	if !e.f.SignedAnswers && believed == 0 {
		errs = append(errs, errors.New("no change of an answer was believed: declare SignedAnswers"))
	}
	return errors.Join(errs...)
}

func (e *env) statement(ctx context.Context) ([]Facts, []byte, error) {
	m, ok := e.h.(StatementMaker)
	if !ok {
		return nil, nil, errors.New("the harness has no Statement method, and Features.Reconciled is declared")
	}
	var rows []Facts
	for _, a := range amounts() {
		rows = append(rows, e.facts(e.intent(a)))
	}
	file, err := m.Statement(ctx, rows)
	return rows, file, err
}

func (e *env) read(ctx context.Context, file []byte) (reports []driver.Report, bad int, err error) {
	s, ok := e.g.(driver.Reconciled)
	if !ok {
		return nil, 0, errors.New("the adapter has no Statement method")
	}
	for r, err := range s.Statement(ctx, io.Reader(bytes.NewReader(file))) {
		if err != nil {
			bad++
			continue
		}
		reports = append(reports, r)
	}
	return reports, bad, nil
}

func statement(ctx context.Context, e *env) error {
	rows, file, err := e.statement(ctx)
	if err != nil {
		return err
	}
	return e.rowsMatch(ctx, rows, file, 0)
}

// statementBadRow puts a line of nonsense between the others.
func statementBadRow(ctx context.Context, e *env) error {
	rows, file, err := e.statement(ctx)
	if err != nil {
		return err
	}
	lines := bytes.SplitAfter(file, []byte("\n"))
	if len(lines) < len(rows) {
		return nil // not a file of lines: nothing to put between them
	}
	mid := len(lines) / 2
	bent := bytes.Join(lines[:mid], nil)
	bent = append(bent, "\x00 nonsense ;;; \n"...)
	bent = append(bent, bytes.Join(lines[mid:], nil)...)
	return e.rowsMatch(ctx, rows, bent, 1)
}

func (e *env) rowsMatch(ctx context.Context, rows []Facts, file []byte, wantBad int) error {
	reports, bad, err := e.read(ctx, file)
	if err != nil {
		return err
	}
	if bad != wantBad {
		return fmt.Errorf("%d rows could not be read, must be %d", bad, wantBad)
	}
	if len(reports) != len(rows) {
		return fmt.Errorf("%d rows were read of %d", len(reports), len(rows))
	}
	for i := range rows {
		if err := matches(&reports[i], rows[i], e.f.Account); err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return nil
}

package drivertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/motcua/motcua/payment/driver"
)

// pair makes two genuine notices that differ in every fact an attacker wants to
// change.
func (e *env) pair(ctx context.Context) (a, b *driver.Raw, ra, rb *driver.Report, err error) {
	fa := e.facts(e.intent(150_000))
	fb := e.facts(e.intent(999_999))
	fb.GatewayRef, fb.PaidAt = "15"+fa.GatewayRef[2:], fb.PaidAt.Add(1)
	fb.PaidAt = fa.PaidAt.AddDate(0, 0, 1)
	if e.f.Account {
		fb.Merchant = foreignMerchant
	}
	if a, err = e.notice(ctx, fa); err != nil {
		return
	}
	if b, err = e.notice(ctx, fb); err != nil {
		return
	}
	if ra, err = e.parse(ctx, a); err != nil {
		return
	}
	rb, err = e.parse(ctx, b)
	return
}

// parts are the places of a notice that carry bytes.
func parts(r *driver.Raw) map[string]func(*driver.Raw) *string {
	out := map[string]func(*driver.Raw) *string{}
	if r.Query != "" {
		out["query"] = func(x *driver.Raw) *string { return &x.Query }
	}
	for _, k := range slices.Sorted(maps.Keys(r.Header)) {
		for i := range r.Header[k] {
			out["header "+k] = func(x *driver.Raw) *string { return &x.Header[k][i] }
		}
	}
	return out
}

// each calls fn with a copy of raw in which one place was replaced by with.
func each(raw *driver.Raw, with func(old string) []string, fn func(altered *driver.Raw, what string) error) error {
	var errs []error
	for place, at := range parts(raw) {
		for n, s := range with(*at(clone(raw))) {
			c := clone(raw)
			*at(c) = s
			errs = append(errs, fn(c, fmt.Sprintf("%s, change %d", place, n)))
		}
	}
	for n, s := range with(string(raw.Body)) {
		c := clone(raw)
		c.Body = []byte(s)
		errs = append(errs, fn(c, fmt.Sprintf("body, change %d", n)))
	}
	return errors.Join(errs...)
}

func noticeBent(ctx context.Context, e *env) error {
	a, _, ra, _, err := e.pair(ctx)
	if err != nil {
		return err
	}
	return each(a, bends, func(r *driver.Raw, what string) error {
		return e.refused(ctx, r, what, ra)
	})
}

// bends changes one byte at a time, in three ways.
func bends(s string) []string {
	var out []string
	for i := range len(s) {
		for _, mask := range []byte{0x01, 0x20, 0x80} {
			b := []byte(s)
			b[i] ^= mask
			out = append(out, string(b))
		}
	}
	return out
}

func noticeCut(ctx context.Context, e *env) error {
	a, _, ra, _, err := e.pair(ctx)
	if err != nil {
		return err
	}
	return each(a, func(s string) []string {
		var out []string
		for i := range len(s) {
			out = append(out, s[:i], s[i:len(s)-1])
		}
		return out
	}, func(r *driver.Raw, what string) error { return e.refused(ctx, r, what, ra) })
}

// noticeSpliced mixes two genuine notices: cut at every byte, and field by field.
func noticeSpliced(ctx context.Context, e *env) error {
	a, b, ra, rb, err := e.pair(ctx)
	if err != nil {
		return err
	}
	var errs []error
	mix := func(with func(old, other string) []string) {
		bs := parts(b)
		for place, at := range parts(a) {
			other, ok := bs[place]
			if !ok {
				continue
			}
			for n, s := range with(*at(clone(a)), *other(clone(b))) {
				c := clone(a)
				*at(c) = s
				errs = append(errs, e.refused(ctx, c, fmt.Sprintf("%s, splice %d", place, n), ra, rb))
			}
		}
		for n, s := range with(string(a.Body), string(b.Body)) {
			c := clone(a)
			c.Body = []byte(s)
			errs = append(errs, e.refused(ctx, c, fmt.Sprintf("body, splice %d", n), ra, rb))
		}
	}
	mix(func(old, other string) []string {
		out := []string{other}
		for i := range min(len(old), len(other)) {
			out = append(out, old[:i]+other[i:])
		}
		return out
	})
	mix(func(old, other string) []string { return swaps(old, other, false) })
	return errors.Join(errs...)
}

// noticeDoubled adds fields of one genuine notice to another, before and after.
func noticeDoubled(ctx context.Context, e *env) error {
	a, b, ra, _, err := e.pair(ctx)
	if err != nil {
		return err
	}
	var errs []error
	try := func(set func(*driver.Raw, string), old, other string) {
		for n, s := range swaps(old, other, true) {
			c := clone(a)
			set(c, s)
			errs = append(errs, e.refused(ctx, c, fmt.Sprintf("a field twice, %d", n), ra))
		}
	}
	try(func(r *driver.Raw, s string) { r.Query = s }, a.Query, b.Query)
	try(func(r *driver.Raw, s string) { r.Body = []byte(s) }, string(a.Body), string(b.Body))
	return errors.Join(errs...)
}

// swaps puts each field of other into old: in the place of its own, or beside it.
// It understands form fields and flat JSON objects.
func swaps(old, other string, beside bool) []string {
	if old == "" || other == "" {
		return nil
	}
	var o, n map[string]json.RawMessage
	if json.Unmarshal([]byte(old), &o) == nil && json.Unmarshal([]byte(other), &n) == nil && o != nil {
		return swapJSON(o, n, old, beside)
	}
	if !strings.Contains(old, "=") {
		return nil
	}
	pairs := strings.Split(old, "&")
	byName := map[string]string{}
	for p := range strings.SplitSeq(other, "&") {
		k, _, _ := strings.Cut(p, "=")
		byName[k] = p
	}
	var out []string
	for i, p := range pairs {
		k, _, _ := strings.Cut(p, "=")
		q, ok := byName[k]
		if !ok || q == p {
			continue
		}
		if beside {
			out = append(out, q+"&"+old, old+"&"+q)
			continue
		}
		c := slices.Clone(pairs)
		c[i] = q
		out = append(out, strings.Join(c, "&"))
	}
	return out
}

func swapJSON(o, n map[string]json.RawMessage, old string, beside bool) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(o)) {
		v, ok := n[k]
		if !ok || string(v) == string(o[k]) {
			continue
		}
		name, err := json.Marshal(k)
		if err != nil {
			continue
		}
		member := string(name) + ":" + string(v)
		if beside {
			trimmed := strings.TrimSpace(old)
			out = append(out, "{"+member+","+trimmed[1:], trimmed[:len(trimmed)-1]+","+member+"}")
			continue
		}
		c := maps.Clone(o)
		c[k] = v
		if whole, err := json.Marshal(c); err == nil {
			out = append(out, string(whole))
		}
	}
	return out
}

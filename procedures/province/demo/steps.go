package demo

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/net/html"
)

// announce prints the first line.
func (r *run) announce(context.Context) error {
	_, err := fmt.Fprintf(r.o.Stdout, "dossier %s\n", r.code)
	return err
}

// line prints one step once.
func (r *run) line(step, actor, state, at string) error {
	if r.printed[step] {
		return nil
	}
	r.printed[step] = true
	_, err := fmt.Fprintf(r.o.Stdout, "%s\t%s\t%s\t%s\n", step, actor, state, at)
	return err
}

// timeline prints the moves the dossier has made and the demo has not printed.
func (r *run) timeline(p *page) error {
	var err error
	states := map[string]string{
		"start":          "draft",
		"request":        "requested",
		"receive":        "received",
		"compare":        "compared",
		"ask_fee":        "awaiting_fee",
		"fee_settled":    "signing",
		"certified":      "certified",
		"return_result":  "returned",
		"ask_supplement": "supplement",
		"supply":         "supplied",
	}
	walk(p.root, func(n *html.Node) {
		if n.Data != "li" || attr(n, "data-event") == "" || err != nil {
			return
		}
		event, at := attr(n, "data-event"), ""
		if t := find(n, func(n *html.Node) bool { return n.Data == "time" }); t != nil {
			at = attr(t, "datetime")
		}
		who := find(n, func(n *html.Node) bool { return n.Data == "p" && attr(n, "class") == "meta" })
		actor := ""
		if who != nil {
			actor = text(who)
		}
		err = r.line(event, actor, states[event], at)
	})
	return err
}

// handle does what comes next until the result is returned: the citizen pays,
// officials take the steps their pages offer them.
func (r *run) handle(ctx context.Context) error {
	deadline := r.o.Now().Add(r.o.Patience)
	version := ""
	for {
		p, err := r.citizen.get(ctx, r.dossier)
		if err != nil {
			return err
		}
		if err := r.timeline(p); err != nil {
			return err
		}
		if p.main("data-state") == "returned" {
			return nil
		}
		if v := p.main("data-version"); v != version { // it moves: be patient anew
			version, deadline = v, r.o.Now().Add(r.o.Patience)
		}
		acted, err := r.next(ctx, p)
		if err != nil {
			return err
		}
		if acted {
			continue
		}
		if r.o.Now().After(deadline) {
			return fmt.Errorf("the dossier stays in state %s: nobody's page offers the next step", p.main("data-state"))
		}
		if err := r.o.pause(ctx, 250*time.Millisecond); err != nil {
			return err
		}
	}
}

// next takes one step if anybody can.
func (r *run) next(ctx context.Context, p *page) (bool, error) {
	if f := p.form("pay"); f != nil {
		if ask := p.form("refresh"); ask != nil && r.resumed { // the run before may have paid: ask before paying again
			r.resumed = false
			_, err := r.citizen.submit(ctx, ask)
			return true, err
		}
		return r.pay(ctx, f)
	}
	for i := 0; ; i++ {
		b, err := r.official(ctx, i)
		if err != nil || b == nil {
			return false, err
		}
		c, err := b.get(ctx, "/can-bo/ho-so/"+r.id)
		if err != nil {
			return false, err
		}
		if c.status != 200 {
			continue // another unit's
		}
		if acted, err := r.act(ctx, b, c); acted || err != nil {
			return acted, err
		}
	}
}

// official signs the n-th official in when first needed; nil when there are no
// more.
func (r *run) official(ctx context.Context, n int) (*browser, error) {
	if n < len(r.officials) {
		return r.officials[n], nil
	}
	b, err := r.signIn(ctx, "official", n)
	if err == nil && b != nil {
		r.officials = append(r.officials, b)
	}
	return b, err
}

// act takes the step an official's page offers, in the order of the story.
func (r *run) act(ctx context.Context, b *browser, c *page) (bool, error) {
	if f := c.form("compare"); f != nil {
		f.values.Set("not_excluded", "1")
		return r.post(ctx, b, f, "")
	}
	if f := c.form("scan"); f != nil {
		return r.upload(ctx, b, f)
	}
	for _, event := range []string{"receive", "ask_fee", "reserve", "sign", "seal", "return_result"} {
		if f := c.form(event); f != nil {
			printed := ""
			if event == "sign" || event == "seal" {
				printed = event // they move no dossier, so the timeline has no line
			}
			return r.post(ctx, b, f, printed)
		}
	}
	return false, nil
}

// post submits a step. A refusal or a conflict is no failure: the page is read
// again and the story goes on from what it says.
func (r *run) post(ctx context.Context, b *browser, f *form, printed string) (bool, error) {
	p, err := b.submit(ctx, f)
	if err != nil {
		return false, err
	}
	if p.status >= 500 {
		return false, r.o.pause(ctx, time.Second)
	}
	if printed != "" && p.status < 400 {
		return true, r.line(printed, b.name, p.main("data-state"), now(p))
	}
	return p.status < 400 || p.status == 409, nil
}

// upload gives the scan to be compared.
func (r *run) upload(ctx context.Context, b *browser, f *form) (bool, error) {
	f.content = r.o.Scan
	if f.content == nil {
		scan, err := drawScan()
		if err != nil {
			return false, err
		}
		f.content = scan
	}
	p, err := b.submit(ctx, f)
	if err != nil {
		return false, err
	}
	if class := p.main("data-class"); class != "" {
		return false, &Refused{class, p.refusal()}
	}
	switch {
	case p.status == 403, p.status == 409: // not this official's, or it has moved
		return false, nil
	case p.status >= 400:
		return false, fmt.Errorf("the scan is not taken: %s", p.trouble())
	}
	return true, r.line("scan", b.name, p.main("data-state"), now(p))
}

func (p *page) refusal() string {
	n := find(p.root, func(n *html.Node) bool { return attr(n, "id") == "f-tep-loi" })
	if n == nil {
		return p.trouble()
	}
	return text(n)
}

// pay goes to the gateway and pays there.
func (r *run) pay(ctx context.Context, f *form) (bool, error) {
	p, err := r.citizen.submit(ctx, f)
	if err != nil {
		return false, err
	}
	if p.url.Host == r.base.Host { // no gateway: paid meanwhile, or told to wait
		return false, r.o.pause(ctx, time.Second)
	}
	gate := p.form("")
	if gate == nil {
		return false, fmt.Errorf("the gateway %s answers %d without a form", p.url.Host, p.status)
	}
	gate.values.Set("action", "pay")
	if p, err = r.citizen.submit(ctx, gate); err != nil {
		return false, err
	}
	return true, r.line("pay", r.citizen.name, "awaiting_fee", now(p))
}

// now is the law's time at which the province answered.
func now(p *page) string { return p.main("data-now") }

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

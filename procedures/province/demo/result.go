package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// papersWithin is how long the demo waits for slip and e-receipt, which are drawn
// behind the moves. A province cut short draws what is missing when it is served
// again, so that the demo does not fail for it.
const papersWithin = 10 * time.Second

// papers is the dossier's page, once its papers are drawn.
func (r *run) papers(ctx context.Context) (*page, error) {
	for deadline := r.o.Now().Add(papersWithin); ; {
		p, err := r.citizen.get(ctx, r.dossier)
		drawn := err == nil && p.paper("receipt_slip") != "" && (p.paper("e_receipt") != "" || !r.printed["fee_settled"])
		if err != nil || drawn || r.o.Now().After(deadline) {
			return p, err
		}
		if err := r.o.pause(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// download gets the certified copy and writes it whole or not at all.
func (r *run) download(ctx context.Context) error {
	p, err := r.papers(ctx)
	if err != nil {
		return err
	}
	path := p.paper("result")
	if path == "" {
		return errors.New("the returned dossier has no result")
	}
	file, err := r.citizen.get(ctx, path)
	if err != nil {
		return err
	}
	if file.status != 200 || !strings.HasPrefix(string(file.body), "%PDF-") {
		return fmt.Errorf("the result is not a PDF (status %d)", file.status)
	}
	if err := writeWhole(r.o.Out, file.body); err != nil {
		return err
	}
	if r.o.Done != "" {
		done, err := r.finished()
		if err != nil {
			return err
		}
		done[r.code] = true
		var all []string
		for code := range done {
			all = append(all, code)
		}
		if err := writeWhole(r.o.Done, []byte(strings.Join(all, "\n")+"\n")); err != nil {
			return err
		}
	}
	return nil
}

// writeWhole writes a file that is there complete or not at all.
func writeWhole(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".certified-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already when it was renamed
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// paper is the address of the first paper of a kind.
func (p *page) paper(kind string) string {
	li := find(p.root, func(n *html.Node) bool { return n.Data == "li" && attr(n, "data-kind") == kind })
	if li == nil {
		return ""
	}
	a := find(li, func(n *html.Node) bool { return n.Data == "a" })
	if a == nil {
		return ""
	}
	return attr(a, "href")
}

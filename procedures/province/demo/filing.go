package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/net/html"
)

// file finds the unfinished dossier, or fills a new form in and files it.
func (r *run) file(ctx context.Context) error {
	found, err := r.unfinished(ctx)
	if err != nil {
		return err
	}
	r.resumed = found != ""
	if !r.resumed {
		if found, err = r.draft(ctx); err != nil {
			return err
		}
	}
	r.dossier = found
	p, err := r.citizen.get(ctx, r.dossier)
	if err != nil {
		return err
	}
	if p.main("data-state") == "draft" {
		if p, err = r.citizen.get(ctx, r.dossier+"/kiem-tra"); err != nil {
			return err
		}
		f := p.form("request")
		if f == nil { // a draft cut short: fill it in again
			if err := r.fill(ctx, r.dossier+"/sua"); err != nil {
				return err
			}
			if p, err = r.citizen.get(ctx, r.dossier+"/kiem-tra"); err != nil {
				return err
			}
			if f = p.form("request"); f == nil {
				return fmt.Errorf("the filled-in form cannot be filed: %s", p.trouble())
			}
		}
		if _, err = r.citizen.submit(ctx, f); err != nil {
			return err
		}
		if p, err = r.citizen.get(ctx, r.dossier); err != nil {
			return err
		}
	}
	r.id, r.code = p.main("data-dossier"), p.main("data-code")
	if r.code == "" {
		return fmt.Errorf("the dossier has no code after filing: %s", p.trouble())
	}
	return nil
}

// unfinished is the path of the citizen's first dossier that is not done.
func (r *run) unfinished(ctx context.Context) (string, error) {
	done, err := r.finished()
	if err != nil {
		return "", err
	}
	at := "/ho-so"
	for at != "" {
		list, err := r.citizen.get(ctx, at)
		if err != nil {
			return "", err
		}
		if list.status != 200 { // what cannot be seen may be there: nothing is begun anew
			return "", fmt.Errorf("the list of dossiers cannot be read: %s", list.trouble())
		}
		var paths []string
		at = ""
		walk(list.root, func(n *html.Node) {
			if n.Data != "a" {
				return
			}
			u, err := r.base.Parse(attr(n, "href"))
			if err != nil {
				return
			}
			if rest, ok := strings.CutPrefix(u.Path, "/ho-so/"); ok && rest != "" && !strings.Contains(rest, "/") {
				paths = append(paths, u.Path)
			}
			if attr(n, "rel") == "next" {
				at = u.RequestURI()
			}
		})
		for _, path := range paths {
			p, err := r.citizen.get(ctx, path)
			if err != nil {
				return "", err
			}
			switch p.main("data-state") {
			case "refused", "stopped":
			case "returned":
				if r.o.Done != "" && !done[p.main("data-code")] {
					return path, nil
				}
			default:
				return path, nil
			}
		}
	}
	return "", nil
}

func (r *run) finished() (map[string]bool, error) {
	out := map[string]bool{}
	if r.o.Done == "" {
		return out, nil
	}
	raw, err := os.ReadFile(r.o.Done)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, code := range strings.Fields(string(raw)) {
		out[code] = true
	}
	return out, nil
}

// draft begins a new dossier and returns its path.
func (r *run) draft(ctx context.Context) (string, error) {
	if err := r.fill(ctx, "/ho-so/moi/"+Procedure); err != nil {
		return "", err
	}
	return r.dossier, nil
}

// fill fills the form at a path in and goes on to the check page.
func (r *run) fill(ctx context.Context, path string) error {
	p, err := r.citizen.get(ctx, path)
	if err != nil {
		return err
	}
	f := p.form("to-khai")
	if f == nil {
		return fmt.Errorf("%s has no form to fill in: %s", path, p.trouble())
	}
	for name, value := range map[string]string{"requester_name": r.citizen.name, "phone": "0900000001", "document_kind": "diploma",
		"document_name": "Bằng tốt nghiệp trung học phổ thông", "pages": "2", "copies": "1", "language": "vi"} {
		if f.values.Has(name) {
			f.values.Set(name, value)
		}
	}
	if units := p.options("unit"); len(units) > 0 && f.values.Get("unit") == "" {
		f.values.Set("unit", units[0])
	}
	f.values.Set("next", "continue")
	if p, err = r.citizen.submit(ctx, f); err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(p.url.Path, "/ho-so/")
	id, tail, _ := strings.Cut(rest, "/")
	if !ok || tail != "kiem-tra" {
		return fmt.Errorf("the form at %s is not accepted: %s", path, p.trouble())
	}
	r.dossier = "/ho-so/" + id
	return nil
}

package portal

import (
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
)

// download gives a paper to who may see its dossier. That somebody other than the
// owner opened it is journalled before the first byte leaves.
func (p *Portal) download(r *request) error {
	id := workflow.DossierID(r.PathValue("dossier"))
	c, err := p.Desk.Case(r.Context(), r.who, id)
	if err != nil {
		return err
	}
	if !visible(c, r.who) {
		return workflow.ErrNotFound
	}
	paper, content, err := p.Desk.Open(r.Context(), r.who, id, r.PathValue("paper"))
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // it was only read
	if !c.Own && r.Method != http.MethodHead {
		if err := p.recordOpening(r, c, paper); err != nil {
			return err
		}
	}
	h := r.w.Header()
	h.Set("Content-Type", contentType(paper.Name))
	h.Set("Content-Disposition", attachment(paper.Name))
	h.Set("Content-Security-Policy", downloadPolicy)
	h.Set("Content-Length", strconv.FormatInt(paper.Size, 10))
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(r.w, content); err != nil {
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}
	return nil
}

func (p *Portal) recordOpening(r *request, c *desk.Case, paper *desk.Paper) error {
	_, err := p.Journal.Record(r.Context(), &identity.Opening{Who: r.who.ID, Unit: c.Dossier.Unit, About: c.Dossier.Owner,
		What: identity.OpenedPaper, Ref: string(c.Dossier.ID) + "/" + paper.ID,
		Purpose: p.theme.vi.t("journal.purpose", "code", c.Code, "step", c.State.Name.VI)})
	return err
}

func contentType(name string) string {
	if strings.EqualFold(path.Ext(name), ".pdf") {
		return "application/pdf"
	}
	return "application/octet-stream"
}

// attachment names the file for saving, in ASCII and, where that loses letters,
// in UTF-8 too (RFC 6266).
func attachment(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' || r == '/' || r == '%' {
			return '_'
		}
		return r
	}, name)
	if ascii == name {
		return `attachment; filename="` + name + `"`
	}
	utf := mime.FormatMediaType("attachment", map[string]string{"filename": name})
	return `attachment; filename="` + ascii + `"; ` + strings.TrimPrefix(utf, "attachment; ")
}

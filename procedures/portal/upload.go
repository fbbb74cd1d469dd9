package portal

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"github.com/motcua/motcua/procedures/desk"
)

// overhead is what a posted file may have round it: boundaries and small fields.
const overhead = 64 << 10

// upload is a posted form with a file. The small fields come before the file.
type upload struct {
	fields url.Values
	file   *multipart.Part // nil when no file was chosen
}

// readUpload reads the fields and stops where the file begins, so that the file
// is read by whoever wants it, under its own bound.
func (r *request) readUpload(limit int64) (*upload, error) {
	r.Body = struct {
		io.Reader
		io.Closer
	}{&bounded{r.Body, limit + overhead}, r.Body}
	mr, err := r.MultipartReader()
	if err != nil {
		return nil, trouble(http.StatusUnprocessableEntity, "bad_request")
	}
	u := &upload{fields: url.Values{}}
	for range 20 {
		part, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			return u, nil
		}
		if err != nil {
			return nil, uploadError(err)
		}
		if part.FormName() == "tep" {
			if part.FileName() != "" {
				u.file = part
			}
			return u, nil
		}
		text, err := io.ReadAll(&bounded{part, overhead})
		if err != nil {
			return nil, uploadError(err)
		}
		u.fields.Set(part.FormName(), tidy(string(text)))
	}
	return nil, trouble(http.StatusUnprocessableEntity, "bad_request")
}

// uploadError tells a file that is too large from a line that was cut.
func uploadError(err error) error {
	if errors.Is(err, errTooLarge) {
		return errTooLarge
	}
	return trouble(http.StatusUnprocessableEntity, "upload_cut")
}

// partReader gives the bytes of the file and says why they ended too soon.
type partReader struct{ r io.Reader }

func (p partReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = uploadError(err)
	}
	return n, err
}

// offerScan takes a scan for comparison. A refused one is told with its class.
func (p *Portal) offerScan(r *request) error {
	raw := r.Body
	err := p.takeScan(r)
	if err != nil { // so that the browser sees why, and no broken connection
		r.Body = raw
		r.drain()
	}
	return err
}

func (p *Portal) takeScan(r *request) error {
	c, at, err := p.officialsCase(r)
	if err != nil {
		return err
	}
	if wait, ok := p.limits.upload.allow(r.who.ID); !ok {
		return &problem{Status: http.StatusTooManyRequests, Code: "too_many", Wait: wait}
	}
	u, err := p.spool(r, &p.scansIn, r.who.ID)
	if err != nil {
		return err
	}
	defer u.Close()
	if u.fields.Get("key") == "" {
		return trouble(http.StatusUnprocessableEntity, "bad_request")
	}
	if u.file == nil {
		return p.scanRefused(r, c, "", r.lang.t("upload.missing"))
	}
	release, err := r.hold(p.scans)
	if err != nil {
		return err
	}
	defer release()
	var content io.Reader = u.disk
	if u.size > p.o.MaxUpload { // what is missing must not pass for the end
		content = io.MultiReader(u.disk, &bounded{left: -1})
	}
	_, err = p.Desk.OfferScan(r.Context(), r.who, c.Dossier.ID, u.fields.Get("key"), content)
	var refused *desk.ScanRefused
	if errors.As(err, &refused) {
		if refused.Class == "too-large" {
			r.drain()
		}
		text, _ := r.lang.text(refused.Reason)
		if wantsJSON(r.Request) {
			return err
		}
		return p.scanRefused(r, c, refused.Class, text)
	}
	if err != nil {
		return err
	}
	return r.seeOther(at + withNotice(filterOf(r.URL.Query()).Query(), "scan"))
}

func (p *Portal) scanRefused(r *request, c *desk.Case, class, text string) error {
	return p.renderCase(r, c, nil, func(pg *page) {
		pg.Status, pg.Class, pg.Errors = http.StatusUnprocessableEntity, class, []fieldError{{"f-tep", text}}
	})
}

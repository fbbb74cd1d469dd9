package portal

import (
	"encoding/json"
	"net/http"
)

func (p *Portal) verify(r *request) error { return p.showVerify(r, nil) }

func (p *Portal) showVerify(r *request, errs []fieldError) error {
	pg := &page{Name: "verify", Title: r.lang.t("verify.title"), Errors: errs, Data: map[string]any{"MaxMB": p.o.MaxUpload >> 20,
		"Error": errorFor(errs, "f-tep")}}
	if len(errs) > 0 {
		pg.Status = http.StatusUnprocessableEntity
	}
	return p.render(r, pg)
}

// postVerify judges a signed file and forgets it. A program that accepts JSON gets
// the report.
func (p *Portal) postVerify(r *request) error {
	r.back = "/kiem-tra"
	raw := r.Body
	err := p.judge(r)
	if err != nil { // so that the browser sees why, and no broken connection
		r.Body = raw
		r.drain()
	}
	return err
}

func (p *Portal) judge(r *request) error {
	whose := p.o.ClientIP(r.Request)
	if wait, ok := p.limits.verify.allow(whose); !ok {
		return &problem{Status: http.StatusTooManyRequests, Code: "too_many", Wait: wait}
	}
	u, err := p.spool(r, &p.checksIn, whose)
	if err != nil {
		return err
	}
	defer u.Close()
	if u.file == nil {
		return p.showVerify(r, []fieldError{{"f-tep", r.lang.t("upload.missing")}})
	}
	if u.size > p.o.MaxUpload {
		return errTooLarge
	}
	release, err := r.hold(p.checks)
	if err != nil {
		return err
	}
	defer release()
	report, err := p.Verify(r.Context(), u.disk, u.size)
	if err != nil {
		return err
	}
	if wantsJSON(r.Request) {
		text, err := json.Marshal(report)
		if err != nil {
			return err
		}
		r.w.Header().Set("Content-Type", "application/json")
		_, _ = r.w.Write(text)
		return nil
	}
	return p.render(r, &page{Name: "verdict", Title: r.lang.t("verdict.title"), Status: http.StatusOK,
		Data: map[string]any{"R": report, "Verdict": report.Verdict.String()}})
}

package desk

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
)

// The kinds of papers.
const (
	PaperScan       = "scan"            // bản quét để đối chiếu
	PaperSlip       = "receipt_slip"    // giấy tiếp nhận hồ sơ và hẹn trả kết quả
	PaperSupplement = "supplement_slip" // phiếu yêu cầu bổ sung, hoàn thiện hồ sơ
	PaperRefusal    = "refusal_slip"    // phiếu từ chối tiếp nhận giải quyết hồ sơ
	PaperReceipt    = "e_receipt"       // biên lai điện tử
	PaperResult     = "result"          // kết quả
)

// Paper is one file of a dossier.
type Paper struct {
	ID      string
	Dossier workflow.DossierID
	Kind    string
	// Name is the file's name for download.
	Name string
	// Ref is the SHA-256 of its content.
	Ref   string
	Size  int64
	Pages int
	// By is who added it (a pseudonym).
	By string
	At time.Time
}

const paperColumns = "id, dossier_id, kind, name, ref, size, pages, added_by, at_us"

func scanPaper(scan func(...any) error) (*Paper, error) {
	var p Paper
	var dossier string
	var at, pages int64
	if err := scan(&p.ID, &dossier, &p.Kind, &p.Name, &p.Ref, &p.Size, &pages, &p.By, &at); err != nil {
		return nil, err
	}
	p.Dossier, p.Pages, p.At = workflow.DossierID(dossier), int(pages), time.UnixMicro(at).UTC()
	return &p, nil
}

func (d *Desk) paper(ctx context.Context, q queryer, id string) (*Paper, error) {
	p, err := scanPaper(q.QueryRowContext(ctx, d.DB.Dialect.SQL("SELECT "+paperColumns+
		" FROM procedures_papers WHERE id = $1"), id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: no such paper", workflow.ErrNotFound)
	}
	return p, err
}

func (d *Desk) papers(ctx context.Context, id workflow.DossierID) ([]Paper, error) {
	rows, err := d.DB.Read.QueryContext(ctx, d.DB.Dialect.SQL("SELECT "+paperColumns+
		" FROM procedures_papers WHERE dossier_id = $1 ORDER BY at_us, id"), string(id))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []Paper
	for rows.Next() {
		p, err := scanPaper(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, *p)
	}
	return out, rows.Err()
}

// AddPaperTx records a paper whose content is stored already. A paper with its
// id that is there stays as it is, so that what made it may be repeated.
func (d *Desk) AddPaperTx(ctx context.Context, tx *sql.Tx, p *Paper) error {
	p.At = p.At.Truncate(time.Microsecond)
	_, err := tx.ExecContext(ctx, d.DB.Dialect.SQL("INSERT INTO procedures_papers ("+paperColumns+
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING"),
		p.ID, string(p.Dossier), p.Kind, p.Name, p.Ref, p.Size, int64(p.Pages), p.By, p.At.UnixMicro())
	if err != nil {
		return err
	}
	return d.seal(ctx, tx, p.Dossier)
}

// Keep stores content and then records it as a paper. Repeated for one id it
// changes nothing.
func (d *Desk) Keep(ctx context.Context, p *Paper, content []byte) error {
	ref, err := d.Files.Put(ctx, bytes.NewReader(content))
	if err != nil {
		return err
	}
	p.Ref, p.Size = ref, int64(len(content))
	return d.write(ctx, func(ctx context.Context, tx *sql.Tx) error { return d.AddPaperTx(ctx, tx, p) })
}

// OfferScan checks an uploaded scan and offers it for comparison: what is kept,
// shown and later certified is the scan as the scanner normalised it. key makes
// a repeated upload one paper, and is [workflow.ErrKeyReused] for another file.
// Errors beside it: [ErrScan] (a [*ScanRefused]), [workflow.ErrNotFound],
// [workflow.ErrRefused].
func (d *Desk) OfferScan(ctx context.Context, who *identity.Person, dossier workflow.DossierID, key string, r io.Reader) (*Paper, error) {
	now := d.now()
	dos, err := d.Engine.Get(ctx, whostep.Scope(d.Policy, who, now), dossier)
	if err != nil {
		return nil, err
	}
	if _, why := whostep.Resolve(d.Policy, who, EventCompare, dos.Unit, now); why != nil {
		return nil, refused(EventCompare, why)
	}
	row, err := d.load(ctx, d.DB.Read, "dossier_id", string(dossier))
	if err != nil {
		return nil, err
	}
	proc, err := d.procedure(row.procedure, row.unit, row.doc.Edition)
	if err != nil {
		return nil, err
	}
	if _, ok := proc.StepFrom(dos.State, EventCompare); !ok {
		return nil, refused(EventCompare, &workflow.Reason{Code: "wrong_state",
			VI: "Hồ sơ đang ở bước khác nên chưa đối chiếu được.", EN: "the dossier is at another step and cannot be compared now"})
	}
	data, err := io.ReadAll(io.LimitReader(r, d.o.MaxUpload+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > d.o.MaxUpload {
		return nil, &ScanRefused{Class: "too-large", Reason: workflow.Reason{Code: "too-large",
			VI: fmt.Sprintf("Tệp lớn hơn %d MB. Quét lại ở độ phân giải thấp hơn hoặc tách tệp.", d.o.MaxUpload>>20),
			EN: fmt.Sprintf("the file has more than %d MB, scan it at a lower resolution or split it", d.o.MaxUpload>>20)}}
	}
	scan, err := d.Scanner(ctx, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	p := &Paper{ID: PaperID(string(dossier), "scan", key), Dossier: dossier, Kind: PaperScan, Name: "ban-quet.pdf", Pages: scan.Pages,
		By: who.ID, At: now}
	if err := d.Keep(ctx, p, scan.Data); err != nil {
		return nil, err
	}
	stored, err := d.paper(ctx, d.DB.Write, p.ID)
	if err == nil && stored.Ref != p.Ref {
		return nil, fmt.Errorf("%w: another file was uploaded with this form (open the page again)", workflow.ErrKeyReused)
	}
	return stored, err
}

// PaperID names a paper by what it is of, so that making it again is no second
// paper.
func PaperID(parts ...string) string { return fmt.Sprintf("%x", sum(parts...)[:12]) }

// Open opens a paper of a dossier the person may see. Whoever is not the owner
// opens a citizen's paper: the caller journals it first.
func (d *Desk) Open(ctx context.Context, who *identity.Person, dossier workflow.DossierID, paper string) (*Paper, io.ReadCloser, error) {
	if _, err := d.Engine.Get(ctx, whostep.Scope(d.Policy, who, d.now()), dossier); err != nil {
		return nil, nil, err
	}
	p, err := d.paper(ctx, d.DB.Read, paper)
	if err != nil {
		return nil, nil, err
	}
	if p.Dossier != dossier {
		return nil, nil, fmt.Errorf("%w: no such paper", workflow.ErrNotFound)
	}
	content, err := d.Files.Open(ctx, p.Ref)
	return p, content, err
}

package storetest

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/esign/rfc3161"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

// An official signs a document with a key in a file, with a time stamp.
func Example() {
	if err := example(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// prepared: 1 signature to make
	// done: 1 of 1
	// Lê Thị Bưởi: valid, time by timestamp
}

func example() error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "esign")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of this example
	db, err := sqlopen.Open(ctx, "sqlite:"+filepath.Join(dir, "motcua.db"), nil)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // the process ends here
	if err := migrate.Up(ctx, db, esign.Migrations()); err != nil {
		return err
	}
	// Outside: a certification authority, a time-stamping authority, a store of files.
	pki, err := pkisim.New(filepath.Join(dir, "trust"), nil)
	if err != nil {
		return err
	}
	issued, err := pki.Issue(ctx, &pkisim.IssueRequest{Name: "Lê Thị Bưởi", Kind: pkisim.Person})
	if err != nil {
		return err
	}
	tsa := httptest.NewServer(pki.TSAHandler())
	defer tsa.Close()
	stamps, err := rfc3161.New(tsa.URL, &rfc3161.Options{Roots: pki.Roots()})
	if err != nil {
		return err
	}
	files := &memory{content: map[string][]byte{}}
	document, err := files.Put(ctx, bytes.NewReader(blankPage()))
	if err != nil {
		return err
	}

	signers := func(context.Context, string) (driver.Signer, error) {
		return p12.Open(issued.PKCS12, issued.Password, nil)
	}
	service, err := esign.New(db, signers, []driver.Timestamper{stamps}, files, nil)
	if err != nil {
		return err
	}
	plan := &esign.Plan{
		Key: "van-ban-1", Document: document,
		Signatures: []esign.PlannedSignature{{Field: "Người ký", Holder: "chu-tich"}},
	}
	prepared, err := service.Prepare(ctx, plan)
	if err != nil {
		return err
	}
	fmt.Println("prepared:", prepared.Total, "signature to make")
	progress, err := service.Advance(ctx, &esign.AdvanceRequest{Key: plan.Key})
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d of %d\n", progress.Stage, progress.Done, progress.Total)

	signed := files.content[progress.Document]
	root, err := os.ReadFile(pki.RootPath())
	if err != nil {
		return err
	}
	roots, err := esign.LoadRoots(root)
	if err != nil {
		return err
	}
	report, err := esign.Verify(ctx, bytes.NewReader(signed), int64(len(signed)), &esign.VerifyOptions{Roots: roots})
	if err != nil {
		return err
	}
	s := report.Signers[0]
	fmt.Printf("%s: %s, time by %s\n", s.Signer, s.Verdict, s.TimeSource)
	return nil
}

// blankPage is the smallest PDF of one page.
func blankPage() []byte {
	b := []byte("%PDF-1.7\n")
	var offsets []int
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>", "<</Type/Page/Parent 2 0 R>>",
	} {
		offsets = append(offsets, len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := len(b)
	b = append(b, "xref\n0 4\n0000000000 65535 f\r\n"...)
	for _, o := range offsets {
		b = fmt.Appendf(b, "%010d 00000 n\r\n", o)
	}
	return fmt.Appendf(b, "trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", at)
}

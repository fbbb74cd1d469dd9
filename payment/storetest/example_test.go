package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/fake"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

// Example charges a fee, pays it through a gateway and lists the receipts. The
// dossier's move, here a line on the screen, happens in the transaction that
// settles.
func Example() {
	if err := story(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// pending: https://fake.invalid/pay/C1-1
	// C1 is settled, the dossier moves on
	// the gateway hears 204, and 200 when it repeats itself
	// biên lai phí PH-24E số 0000001: 12.000
	// biên lai lệ phí LP-24E số 0000001: 8.000
}

func story(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "payment")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // an example
	db, err := sqlopen.Open(ctx, "sqlite:"+filepath.Join(dir, "example.db"), nil)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // an example
	if err := migrate.Up(ctx, db, payment.Migrations()); err != nil {
		return err
	}

	bank := fake.New(nil)
	move := func(_ context.Context, _ *sql.Tx, s payment.Settled) error {
		fmt.Println(s.Charge.ID, "is settled, the dossier moves on")
		return nil
	}
	ids := []string{"R2", "R1", "C1"} // an application leaves NewID out
	service, err := payment.New(db, map[string]driver.Gateway{"bank": bank}, move, &payment.Options{
		Now: func() time.Time { return time.Date(2024, 11, 15, 1, 0, 0, 0, time.UTC) },
		NewID: func() string {
			id := ids[len(ids)-1]
			ids = ids[:len(ids)-1]
			return id
		},
	})
	if err != nil {
		return err
	}

	charge, err := service.Create(ctx, &payment.CreateRequest{
		Key: "dossier-1/fee", Subject: "dossier-1", Unit: "H10.12", Payer: payment.Payer{ID: "p1"}, Title: "Phí chứng thực",
		Lines: []payment.FeeLine{
			{Kind: payment.Phi, Code: "chung_thuc", Name: "Phí chứng thực bản sao", Amount: 12_000},
			{Kind: payment.LePhi, Code: "dang_ky", Name: "Lệ phí đăng ký", Amount: 8_000},
		},
	})
	if err != nil {
		return err
	}
	citizen := payment.Scope{Payer: "p1"}
	attempt, err := service.Attempt(ctx, &payment.AttemptRequest{
		Key: "click-1", Charge: charge.ID, Scope: citizen, Gateway: "bank", ReturnURL: "https://dvc.example/ve",
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s\n", attempt.State, attempt.URL)

	notice, err := bank.Pay(attempt.Ref, time.Now()) // the payer pays, the gateway tells
	if err != nil {
		return err
	}
	var heard []int
	for range 2 {
		req := httptest.NewRequestWithContext(ctx, notice.Method, "/notice", strings.NewReader(string(notice.Body)))
		req.Header = notice.Header
		w := httptest.NewRecorder()
		service.Callback("bank").ServeHTTP(w, req)
		heard = append(heard, w.Code)
	}
	fmt.Printf("the gateway hears %d, and %d when it repeats itself\n", heard[0], heard[1])

	charge, err = service.Get(ctx, citizen, charge.ID)
	if err != nil {
		return err
	}
	for _, r := range charge.Receipts {
		fmt.Printf("biên lai %s %s số %s: %s\n", r.Kind.VI(), r.Series, r.Label(), r.Amount.Digits())
	}
	return nil
}

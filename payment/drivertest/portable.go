package drivertest

import (
	"bytes"
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// portable looks at the adapter through package payment, where an ability that
// is missing must have its stated fallback. Nothing here reaches the database.
func portable(ctx context.Context, e *env) error {
	db := sql.OpenDB(noDatabase{})
	defer db.Close() //nolint:errcheck // it was never open
	s, err := payment.New(sqlkit.Wrap(db, sqlkit.SQLite), map[string]driver.Gateway{"kit": e.g}, nil, nil)
	if err != nil {
		return err
	}
	var errs []error
	w := httptest.NewRecorder()
	s.Callback("kit").ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/?a=b", strings.NewReader("nonsense")))
	switch {
	case !e.f.Notified && w.Code != http.StatusNotFound:
		errs = append(errs, fmt.Errorf("a gateway without notices answers %d at its callback, must be 404", w.Code))
	case e.f.Notified:
		n, ok := e.g.(driver.Notified)
		forged, retry := driver.Ack{}, driver.Ack{}
		if ok {
			forged, retry = n.Ack(driver.Forged), n.Ack(driver.Retry)
		}
		if !ok || !answered(w, forged) && !answered(w, retry) {
			errs = append(errs, errors.New("nonsense at the callback is answered neither as forged nor as retry"))
		}
	}
	if !e.f.Reconciled {
		if _, err := s.Reconcile(ctx, "kit", strings.NewReader("")); payment.ErrorCode(err) != payment.CodeUnsupported {
			errs = append(errs, fmt.Errorf("a gateway without statements: Reconcile is %v, must be unsupported", payment.ErrorCode(err)))
		}
	}
	return errors.Join(errs...)
}

// noDatabase is a database that is away.
type noDatabase struct{}

func (noDatabase) Connect(context.Context) (sqldriver.Conn, error) {
	return nil, errors.New("the kit has no database")
}
func (noDatabase) Driver() sqldriver.Driver { return nil }

func answered(w *httptest.ResponseRecorder, a driver.Ack) bool {
	return w.Code == a.Status && bytes.Equal(w.Body.Bytes(), a.Body)
}

package vnpaysim

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/vnpay"
)

// The paths, as VNPAY has them.
const (
	PayPath   = "/paymentv2/vpcpay.html"
	QueryPath = "/merchant_webapi/api/transaction"
)

const maxRequest = 16 << 10

//go:embed page.html
var pageText string

type view struct {
	Problem, Dong string
	Transaction   *Transaction
	Behaviours    []Behaviour
	First         Behaviour
}

// Handler serves the payer's page, querydr and the administration:
//
//	GET  /paymentv2/vpcpay.html?…            the page of a signed pay URL
//	POST /paymentv2/vpcpay.html              token, behave, action=pay|cancel
//	POST /merchant_webapi/api/transaction    querydr
//	GET  /admin/transactions                 all transactions as JSON
//	POST /admin/behave                       behave=…
func (s *Sim) Handler() http.Handler {
	page := template.Must(template.New("page").Parse(pageText))
	m := http.NewServeMux()
	m.HandleFunc("GET "+PayPath, func(w http.ResponseWriter, r *http.Request) { s.open(w, r, page) })
	m.HandleFunc("POST "+PayPath, func(w http.ResponseWriter, r *http.Request) { s.pay(w, r, page) })
	m.HandleFunc("POST "+QueryPath, s.query)
	m.HandleFunc("GET /admin/transactions", func(w http.ResponseWriter, _ *http.Request) { s.writeJSON(w, s.Transactions()) })
	m.HandleFunc("POST /admin/behave", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		if err := s.Behave(Behaviour(r.FormValue("behave"))); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return m
}

// open shows the page of a payment, which comes to be here.
func (s *Sim) open(w http.ResponseWriter, r *http.Request, page *template.Template) {
	t, err := s.accept(r.URL.RawQuery)
	if err != nil {
		s.show(w, page, http.StatusBadRequest, view{Problem: "Yêu cầu không hợp lệ: " + err.Error()})
		return
	}
	if t.Status != "01" {
		s.back(w, r, t)
		return
	}
	s.show(w, page, http.StatusOK, view{
		Transaction: t, Dong: strconv.FormatInt(t.Amount/100, 10), Behaviours: Behaviours(), First: s.wanted(""),
	})
}

// wanted is the behaviour of the form, or what was set if it names none.
func (s *Sim) wanted(form string) Behaviour {
	if form != "" {
		return Behaviour(form)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behave
}

// accept checks a pay URL as VNPAY does and opens the transaction, or finds it.
func (s *Sim) accept(raw string) (*Transaction, error) {
	f, err := vnpay.VerifyQuery(s.cfg.Secret, raw)
	if err != nil {
		return nil, errors.New("sai chữ ký (code 70)")
	}
	if f["vnp_TmnCode"] != s.cfg.Terminal {
		return nil, errors.New("website không tồn tại (code 72)")
	}
	amount, err := strconv.ParseInt(f["vnp_Amount"], 10, 64)
	if err != nil || amount < 100 || len(f["vnp_Amount"]) > 12 || f["vnp_Version"] != "2.1.0" || f["vnp_Command"] != "pay" ||
		f["vnp_CurrCode"] != "VND" || f["vnp_TxnRef"] == "" || len(f["vnp_CreateDate"]) != len(stamp) {
		return nil, errors.New("sai định dạng dữ liệu (code 03)")
	}
	u, err := url.Parse(f["vnp_ReturnUrl"])
	if err != nil || !vnpay.Loopback(u.Hostname()) || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("địa chỉ trả về phải ở máy này (loopback)")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, there := s.byKey[key(s.cfg.Terminal, f["vnp_TxnRef"], f["vnp_CreateDate"])]; there {
		if t.Amount != amount {
			return nil, errors.New("giao dịch đã tồn tại (code 01)")
		}
		c := *t
		return &c, nil
	}
	t := &Transaction{
		Terminal: s.cfg.Terminal, Ref: f["vnp_TxnRef"], Created: f["vnp_CreateDate"], Token: s.o.NewID(), Amount: amount,
		Info: f["vnp_OrderInfo"], ReturnURL: f["vnp_ReturnUrl"], Expires: f["vnp_ExpireDate"], Status: "01",
	}
	if err := s.save(t); err != nil {
		return nil, err
	}
	s.add(t)
	c := *t
	return &c, nil
}

// pay takes the payer's decision, sends the first IPN, and sends the browser back.
func (s *Sim) pay(w http.ResponseWriter, r *http.Request, page *template.Template) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	b := s.wanted(r.PostFormValue("behave"))
	action := r.PostFormValue("action")
	if !slices.Contains(Behaviours(), b) || action != "pay" && action != "cancel" {
		s.show(w, page, http.StatusBadRequest, view{Problem: "Yêu cầu không hợp lệ."})
		return
	}
	token := r.PostFormValue("token")
	s.hold(token)
	defer s.release(token)
	t, err := s.decide(token, b, action == "cancel")
	if err != nil {
		s.show(w, page, http.StatusNotFound, view{Problem: "Không có giao dịch này."})
		return
	}
	for range 2 { // Twice sends both while the payer waits
		due, err := s.claim(t.Token)
		if err == nil && due != nil {
			err = s.send(r.Context(), due)
		}
		if err != nil {
			s.o.Logger.Error("vnpaysim: folder", zap.Error(err))
		}
		if err != nil || due == nil {
			break
		}
	}
	s.back(w, r, &t)
}

// back sends the browser to the merchant with the signed fields, which settle
// nothing there.
func (s *Sim) back(w http.ResponseWriter, r *http.Request, t *Transaction) {
	sep := "?"
	if u, err := url.Parse(t.ReturnURL); err == nil && u.RawQuery != "" {
		sep = "&"
	}
	http.Redirect(w, r, t.ReturnURL+sep+vnpay.SignQuery(s.cfg.Secret, s.fields(t)), http.StatusSeeOther)
}

// query answers querydr. Every answer is signed, refusals too.
func (s *Sim) query(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "too long", http.StatusRequestEntityTooLarge)
		return
	}
	req, err := vnpay.ReadFlat(body)
	if err != nil {
		http.Error(w, "not a flat JSON object", http.StatusBadRequest)
		return
	}
	a := s.answer(req)
	a["vnp_SecureHash"] = vnpay.SignAnswer(s.cfg.Secret, a)
	s.writeJSON(w, a)
}

func (s *Sim) answer(req map[string]string) map[string]string {
	a := map[string]string{"vnp_ResponseId": s.o.NewID(), "vnp_Command": "querydr", "vnp_TmnCode": s.cfg.Terminal}
	refuse := func(code, text string) map[string]string {
		a["vnp_ResponseCode"], a["vnp_Message"] = code, text
		return a
	}
	values := make([]string, 0, 9)
	for _, name := range vnpay.RequestFields() {
		values = append(values, req[name])
	}
	switch {
	case !vnpay.VerifyFields(s.cfg.Secret, req["vnp_SecureHash"], values...):
		return refuse("97", "Checksum failed")
	case req["vnp_TmnCode"] != s.cfg.Terminal:
		return refuse("02", "Merchant invalid")
	case req["vnp_Command"] != "querydr" || req["vnp_Version"] != "2.1.0" || req["vnp_RequestId"] == "":
		return refuse("03", "Invalid data format")
	}
	s.mu.Lock()
	t, there := s.byKey[key(req["vnp_TmnCode"], req["vnp_TxnRef"], req["vnp_TransactionDate"])]
	var c Transaction
	if there {
		c = *t
	}
	s.mu.Unlock()
	a["vnp_TxnRef"] = req["vnp_TxnRef"]
	if !there {
		return refuse("91", "Transaction not found")
	}
	a["vnp_ResponseCode"], a["vnp_Message"] = "00", "QueryDR Success"
	a["vnp_Amount"] = strconv.FormatInt(c.Amount, 10)
	a["vnp_TransactionStatus"], a["vnp_OrderInfo"] = c.Status, c.Info
	if c.Status != "01" {
		a["vnp_Amount"] = strconv.FormatInt(c.Paid, 10)
		a["vnp_TransactionNo"], a["vnp_TransactionType"] = strconv.FormatInt(c.Number, 10), "01"
		a["vnp_PayDate"], a["vnp_BankCode"] = c.PaidAt, "NCB"
	}
	return a
}

func (s *Sim) show(w http.ResponseWriter, page *template.Template, status int, v view) {
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		s.o.Logger.Error("vnpaysim: page", zap.Error(err))
		http.Error(w, "page", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.WriteHeader(status)
	if _, err := w.Write(b.Bytes()); err != nil {
		s.o.Logger.Debug("vnpaysim: browser gone", zap.Error(err))
	}
}

func (s *Sim) writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.o.Logger.Debug("vnpaysim: caller gone", zap.Error(err))
	}
}

package vnpay

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/driver"
)

// The addresses of VNPAY's sandbox.
const (
	SandboxPayURL   = "https://sandbox.vnpayment.vn/paymentv2/vpcpay.html"
	SandboxQueryURL = "https://sandbox.vnpayment.vn/merchant_webapi/api/transaction"
)

const (
	version   = "2.1.0"
	stamp     = "20060102150405" // 24-hour clock; with 03 for 15, references would collide twice a day
	maxAmount = 9_999_999_999    // đồng: vnp_Amount has at most 12 digits, the last two are fixed
	maxAnswer = 64 << 10         // bytes
	perDong   = 100              // vnp_Amount per đồng
	zoneSpan  = 7 * 60 * 60      // seconds east of UTC
	orderType = "other"          // VNPAY's goods category; public services have none of their own
	currency  = "VND"            // the only one of the protocol
	timeout   = 15 * time.Second // of one inquiry
	localhost = "127.0.0.1"      // payer address when unknown
)

// Config is what VNPAY gives to a merchant. All fields are required.
type Config struct {
	// TmnCode is the terminal code (mã website), the merchant of every report.
	TmnCode string
	// Secret is vnp_HashSecret.
	Secret []byte
	// PayURL is the page the payer is sent to, QueryURL the address of querydr.
	// Both are https; http is taken for loopback addresses only.
	PayURL, QueryURL string
}

// Options are the options of [New]; nil means defaults.
type Options struct {
	// Now is the protocol clock. Defaults to time.Now.
	Now func() time.Time
	// NewID makes vnp_RequestId, unique within a day, up to 32 letters and
	// digits. Defaults to 26 random characters.
	NewID func() string
	// ServerIP is our own address, told to VNPAY with an inquiry. Defaults to
	// 127.0.0.1.
	ServerIP string
	// Timeout bounds an inquiry. Defaults to 15 s.
	Timeout time.Duration
	// Logger gets a line for each inquiry that failed. Defaults to none.
	Logger *zap.Logger
}

// Gateway is the VNPAY adapter. It keeps no state; its methods may be called
// concurrently.
type Gateway struct {
	cfg    Config
	client *http.Client
	o      Options
}

// New checks the configuration and returns the adapter. It does not call VNPAY.
// client is used for inquiries; redirects are not followed.
func New(cfg Config, client *http.Client, o *Options) (*Gateway, error) {
	var errs []error
	if n := len(cfg.TmnCode); n == 0 || n > 20 || !plain(cfg.TmnCode) {
		errs = append(errs, errors.New("vnpay: TmnCode has 1 to 20 letters and digits"))
	}
	if len(cfg.Secret) == 0 {
		errs = append(errs, errors.New("vnpay: Secret is empty; VNPAY gives one to each terminal"))
	}
	errs = append(errs, checkURL("PayURL", cfg.PayURL), checkURL("QueryURL", cfg.QueryURL))
	if client == nil {
		errs = append(errs, errors.New("vnpay: an http.Client is needed"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	g := &Gateway{cfg: cfg}
	if o != nil {
		g.o = *o
	}
	if g.o.Now == nil {
		g.o.Now = time.Now
	}
	if g.o.NewID == nil {
		g.o.NewID = rand.Text
	}
	if g.o.Logger == nil {
		g.o.Logger = zap.NewNop()
	}
	g.o.ServerIP = cmp.Or(g.o.ServerIP, localhost)
	g.o.Timeout = cmp.Or(g.o.Timeout, timeout)
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	g.client = &own
	return g, nil
}

func checkURL(name, raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("vnpay: %s is not an address without query", name)
	}
	if u.Scheme == "https" || u.Scheme == "http" && Loopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("vnpay: %s must be https", name)
}

// Loopback says whether a host means this machine. Of names it takes localhost
// alone: 127.example.vn is a name like any other.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Merchant is the terminal code.
func (g *Gateway) Merchant() string { return g.cfg.TmnCode }

// ErrorCode classifies an error of this adapter.
func (g *Gateway) ErrorCode(err error) driver.Code { return errorCode(err) }

// Start builds the signed pay URL. It calls nobody: the payment comes to be at
// VNPAY when the payer's browser opens the URL, so it is safe to repeat.
func (g *Gateway) Start(ctx context.Context, in *driver.Intent) (*driver.Started, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkIntent(in); err != nil {
		return nil, err
	}
	locale := "vn"
	if in.Locale == "en" {
		locale = "en"
	}
	q := SignQuery(g.cfg.Secret, map[string]string{
		"vnp_Version":    version,
		"vnp_Command":    "pay",
		"vnp_TmnCode":    g.cfg.TmnCode,
		"vnp_Amount":     strconv.FormatInt(in.Amount*perDong, 10),
		"vnp_CurrCode":   currency,
		"vnp_TxnRef":     in.Ref,
		"vnp_OrderInfo":  in.Text,
		"vnp_OrderType":  orderType,
		"vnp_Locale":     locale,
		"vnp_ReturnUrl":  in.ReturnURL,
		"vnp_IpAddr":     cmp.Or(in.PayerIP, localhost),
		"vnp_CreateDate": format(in.Created),
		"vnp_ExpireDate": format(in.Expires),
	})
	return &driver.Started{URL: g.cfg.PayURL + "?" + q}, nil
}

func checkIntent(in *driver.Intent) error {
	switch {
	case in.Amount < 1 || in.Amount > maxAmount:
		return &Error{Code: driver.CodeInvalid, Text: "amount must be from 1 to 9.999.999.999 đ"}
	case in.Currency != currency:
		return &Error{Code: driver.CodeInvalid, Text: "currency must be VND"}
	case in.Ref == "" || len(in.Ref) > 40 || !only(in.Ref, "-"):
		return &Error{Code: driver.CodeInvalid, Text: "reference must have 1 to 40 letters, digits and -"}
	case in.Text == "" || len(in.Text) > 255 || !only(in.Text, " .:_-"):
		return &Error{Code: driver.CodeInvalid, Text: "order text must have unaccented letters, digits, space and . : _ - only"}
	case in.ReturnURL == "":
		return &Error{Code: driver.CodeInvalid, Text: "return address is missing"}
	}
	return nil
}

// only says whether s has nothing but ASCII letters, digits and the others.
func only(s, others string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

func zone() *time.Location { return time.FixedZone("+07", zoneSpan) }

// format writes a time as VNPAY wants it: Vietnam's clock, no separators.
func format(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone()).Format(stamp)
}

var (
	_ driver.Gateway  = (*Gateway)(nil)
	_ driver.Notified = (*Gateway)(nil)
	_ driver.Poller   = (*Gateway)(nil)
	_ driver.Account  = (*Gateway)(nil)
)

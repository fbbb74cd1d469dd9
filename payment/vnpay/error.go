package vnpay

import (
	"context"
	"errors"
	"net"

	"github.com/motcua/motcua/payment/driver"
)

// Error is what the adapter returns. Its text never holds the secret, a hash or
// anything about the payer.
type Error struct {
	// Code classifies the error.
	Code driver.Code
	// Response is VNPAY's vnp_ResponseCode, when it answered one.
	Response string
	// Text names the thing and the remedy.
	Text string
	// Err is the cause, if there is one.
	Err error
}

// Error is the text for a log.
func (e *Error) Error() string {
	s := "vnpay: " + e.Text
	if e.Response != "" {
		s += " (response code " + e.Response + ")"
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

func errorCode(err error) driver.Code {
	if err == nil {
		return driver.CodeOK
	}
	var (
		own  *Error
		nerr net.Error
	)
	switch {
	case errors.As(err, &own):
		return own.Code
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &nerr):
		return driver.CodeUnavailable
	}
	return driver.CodeUnknown
}

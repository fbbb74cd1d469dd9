package signin

import "github.com/motcua/motcua/identity"

var (
	reasonSignIn = identity.Reason{
		Code: "not_signed_in", VI: "Bạn cần đăng nhập để xem trang này.", EN: "Sign in to see this page.",
	}
	reasonChoose = identity.Reason{
		Code: "choose_provider", VI: "Chọn cách đăng nhập.", EN: "Choose how to sign in.",
	}
	reasonLevel = identity.Reason{
		Code: "assurance_too_low",
		VI:   "Việc này cần tài khoản định danh điện tử mức cao hơn.",
		EN:   "This needs an electronic identification account of a higher level.",
	}
	reasonTooMany = identity.Reason{
		Code: "too_many", VI: "Quá nhiều lần đăng nhập. Hãy thử lại sau ít giây.", EN: "Too many sign-ins. Try again in a few seconds.",
	}
	reasonNotFound = identity.Reason{
		Code: "not_found", VI: "Không có trang này.", EN: "There is no such page.",
	}
	reasonRefused = identity.Reason{
		Code: "sign_in_refused",
		VI:   "Không đăng nhập được: phiên đăng nhập đã hết hạn hoặc không bắt đầu từ trình duyệt này. Hãy đăng nhập lại.",
		EN:   "The sign-in failed: it has expired or was not begun in this browser. Sign in again.",
	}
	reasonProvider = identity.Reason{
		Code: "provider_error",
		VI:   "Hệ thống định danh báo lỗi. Hãy đăng nhập lại.",
		EN:   "The identification system reported an error. Sign in again.",
	}
	reasonCancelled = identity.Reason{
		Code: "cancelled", VI: "Bạn đã hủy đăng nhập.", EN: "You cancelled the sign-in.",
	}
	reasonNoOfficial = identity.Reason{
		Code: "official_unknown",
		VI:   "Tài khoản này không thuộc cán bộ, công chức đang giữ chức vụ trong danh bạ. Hãy liên hệ quản trị viên của đơn vị.",
		EN:   "The directory lists no official in service with this account. Ask your unit's administrator.",
	}
	reasonConflict = identity.Reason{
		Code: "account_conflict",
		VI:   "Thông tin tài khoản không khớp với thông tin đã lưu. Hãy liên hệ bộ phận một cửa.",
		EN:   "The account does not match what is recorded. Ask at the one-stop desk.",
	}
	reasonUnavailable = identity.Reason{
		Code: "unavailable",
		VI:   "Hệ thống đang bận hoặc hệ thống định danh không trả lời. Hãy thử lại sau ít phút.",
		EN:   "The system is busy or the identification system does not answer. Try again in a few minutes.",
	}
	reasonSignedOut = identity.Reason{
		Code: "signed_out", VI: "Bạn đã đăng xuất.", EN: "You are signed out.",
	}
	reasonRemembered = identity.Reason{
		Code: "signed_out_here",
		VI:   "Bạn đã đăng xuất ở đây, nhưng hệ thống định danh không trả lời và có thể vẫn nhớ bạn. Trên máy dùng chung, hãy đóng trình duyệt.",
		EN: "You are signed out here, but the identification system did not answer and may still remember you. " +
			"On a shared computer close the browser.",
	}
)

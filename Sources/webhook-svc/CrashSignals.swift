import Foundation

/// Makes a crash end the process, so that whoever supervises it starts it anew.
///
/// By itself Swift's runtime answers a crash by running `swift-backtrace` and waiting for it: for seconds, for ever when
/// that hangs; and it goes on where the signal came from outside. Here a crash ends the process at once. Where the user
/// has set `SWIFT_BACKTRACE` the backtrace is written first, for a bounded time.
enum CrashSignals {
    /// For so long `swift-backtrace` may run, in seconds.
    private static let backtraceTime = 15

    /// Takes the place of the runtime's handlers. Call it first of all.
    static func prepare() {
        let isAsked = ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"] != nil
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGQUIT] {
            var action = sigaction()
            sigaction(number, nil, &action)
            guard isAsked, let handler = action.informedHandler, makeTimer() else {
                signal(number, SIG_DFL)
                continue
            }
            runtimeHandler = handler
            action.informedHandler = answerCrash
            sigaction(number, &action, nil)
        }
    }

    /// Makes the timer that kills the process unless it is stopped. The runtime holds all other signals back meanwhile.
    private static func makeTimer() -> Bool {
        #if os(Linux)
            guard killer == nil else { return true }
            var event = sigevent()
            event.sigev_notify = Int32(SIGEV_SIGNAL)
            event.sigev_signo = SIGKILL
            killerTime.it_value.tv_sec = backtraceTime
            return timer_create(CLOCK_MONOTONIC, &event, &killer) == 0
        #else
            return false
        #endif
    }
}

private typealias CrashHandler =
    @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void

// What the handler uses is set before any other thread runs, and needs no initialization when it is first used: neither
// memory nor locks may be had there.
nonisolated(unsafe) private var runtimeHandler: CrashHandler?
#if os(Linux)
    nonisolated(unsafe) private var killer: timer_t?
    nonisolated(unsafe) private var killerTime = itimerspec()
#endif

/// Has the runtime write its backtrace, and ends the process with the signal.
private let answerCrash: CrashHandler = { number, information, context in
    #if os(Linux)
        if let killer { timer_settime(killer, 0, &killerTime, nil) }
    #endif
    runtimeHandler?(number, information, context)
    signal(number, SIG_DFL)
    raise(number)
}

extension sigaction {
    /// The handler that gets more than the signal's number; nil where there is another one, or none.
    fileprivate var informedHandler: CrashHandler? {
        get {
            guard sa_flags & SA_SIGINFO != 0 else { return nil }
            #if os(Linux)
                return __sigaction_handler.sa_sigaction
            #else
                return __sigaction_u.__sa_sigaction
            #endif
        }
        set {
            #if os(Linux)
                __sigaction_handler.sa_sigaction = newValue
            #else
                __sigaction_u.__sa_sigaction = newValue
            #endif
        }
    }
}

package import NIOCore

/// Knows who asked for which names, what is known of the names, and which look-up may run. The table has no threads and no
/// clock.
///
/// A look-up begins in one of a few quick places. A slow look-up gives its quick place up for one of the slow places, so that
/// names whose servers are silent do not keep the others waiting. The look-up of a name that was silent begins in a slow
/// place.
struct LookUpTable<Waiter> {
    typealias Answer = Result<[SocketAddress], ResolutionError>

    /// What the owner has to do.
    struct Steps {
        var answers: [(waiter: Waiter, answer: Answer)] = []
        /// The look-ups that must start now.
        var starts: [LookUp] = []
        /// The look-up that was asked for now. It may have to wait for a place.
        var begun: LookUp?
    }

    struct LookUp: Hashable {
        var host: String
        var number: Int
    }

    private enum Place {
        case waiting, quick, slow
        /// A slow place, for a name that was silent before.
        case again
    }

    private struct Running {
        var number: Int
        var place: Place
        /// When the look-up took its place.
        var started: NIODeadline
        var waiters: [Waiter] = []
        /// Whether it takes longer than most.
        var isSlow = false
        /// Whether nobody waits for it any longer.
        var isGivenUp = false
    }

    private struct Name {
        var addresses: [SocketAddress] = []
        var resolved = NIODeadline.uptimeNanoseconds(0)
        var failure: ResolutionError?
        /// How many look-ups in a row have failed.
        var failures = 0
        /// Whether the last look-up that failed was a slow one.
        var isSilent = false
        /// Until when the last answer is used.
        var stands = NIODeadline.uptimeNanoseconds(0)
        var running: Running?
        var asked = NIODeadline.uptimeNanoseconds(0)
    }

    private let limits: LookUpLimits
    private var names: [String: Name] = [:]
    private var taken = (quick: 0, slow: 0, again: 0)
    private var queue: [LookUp] = []
    private var lastNumber = 0

    init(limits: LookUpLimits) {
        self.limits = limits
    }

    /// Look-ups that have begun and not ended.
    var running: Int { taken.quick + taken.slow }

    /// Somebody asks for a name.
    mutating func ask(_ host: String, _ waiter: Waiter, now: NIODeadline) -> Steps {
        makeRoom()
        var name = names[host] ?? Name()
        defer { names[host] = name }
        name.asked = now
        if let running = name.running {
            let known = running.isGivenUp || running.isSlow ? lastGood(name, now: now) : nil
            if let known { return Steps(answers: [(waiter, .success(known))]) }
            if running.isGivenUp { return Steps(answers: [(waiter, .failure(name.failure ?? Self.silence))]) }
            if running.isSlow, running.waiters.count >= limits.patient {
                return Steps(answers: [(waiter, .failure(Self.slowness))])
            }
            name.running?.waiters.append(waiter)
            return Steps()
        }
        if now < name.stands {
            if let failure = name.failure { return Steps(answers: [(waiter, answer(failure, name, now: now))]) }
            return Steps(answers: [(waiter, .success(name.addresses))])
        }
        guard let place = place(for: name) else {
            return Steps(answers: [(waiter, answer(Self.noPlace, name, now: now))])
        }
        lastNumber += 1
        let lookUp = LookUp(host: host, number: lastNumber)
        name.running = Running(number: lastNumber, place: place, started: now, waiters: [waiter])
        guard place == .waiting else { return Steps(starts: [lookUp], begun: lookUp) }
        queue.append(lookUp)
        return Steps(begun: lookUp)
    }

    /// A look-up has been asked for, or has been running, for ``LookUpLimits/patience``.
    mutating func patienceIsOver(_ lookUp: LookUp, now: NIODeadline) -> Steps {
        guard var name = names[lookUp.host], name.running?.number == lookUp.number else { return Steps() }
        var steps = Steps()
        name.running?.isSlow = true
        if let known = lastGood(name, now: now) {
            steps.answers = (name.running?.waiters ?? []).map { ($0, .success(known)) }
            name.running?.waiters = []
        } else if let impatient = name.running?.waiters.dropFirst(limits.patient) {
            // Each of them keeps a delivery's place taken.
            steps.answers = impatient.map { ($0, .failure(Self.slowness)) }
            name.running?.waiters.removeLast(impatient.count)
        }
        if let running = name.running, running.place == .quick, now - running.started >= limits.patience,
            taken.slow < limits.slow
        {
            name.running?.place = .slow
            taken.quick -= 1
            taken.slow += 1
        }
        names[lookUp.host] = name
        steps.starts = startWaiting(now: now)
        return steps
    }

    /// A look-up was asked for ``LookUpLimits/wait`` ago.
    mutating func waitIsOver(_ lookUp: LookUp, now: NIODeadline) -> Steps {
        guard var name = names[lookUp.host], let running = name.running, running.number == lookUp.number else {
            return Steps()
        }
        let failure: ResolutionError
        if running.place == .waiting {
            queue.removeAll { $0 == lookUp }
            name.running = nil
            failure = Self.noPlace
        } else {
            failure = Self.silence
            name.failure = failure
            name.isSilent = true
            name.running?.isGivenUp = true
            name.running?.waiters = []
        }
        names[lookUp.host] = name
        return Steps(answers: running.waiters.map { ($0, answer(failure, name, now: now)) })
    }

    /// A look-up has ended.
    mutating func ended(_ lookUp: LookUp, _ result: Answer, now: NIODeadline) -> Steps {
        guard var name = names[lookUp.host], let running = name.running, running.number == lookUp.number else {
            return Steps()
        }
        name.running = nil
        free(running.place)
        var steps = Steps()
        switch result {
        case .success(let addresses):
            name = Name(addresses: addresses, resolved: now, stands: now + limits.fresh, asked: name.asked)
            steps.answers = running.waiters.map { ($0, result) }
        case .failure(let failure) where failure.isDefinite:
            name = Name(failure: failure, stands: now + limits.fresh, asked: name.asked)
            steps.answers = running.waiters.map { ($0, result) }
        case .failure(let failure):
            name.failures += 1
            name.failure = failure
            name.isSilent = running.isSlow
            name.stands = now + limits.pause(after: name.failures)
            steps.answers = running.waiters.map { ($0, answer(failure, name, now: now)) }
        }
        names[lookUp.host] = name
        steps.starts = startWaiting(now: now)
        return steps
    }

    private static var silence: ResolutionError {
        ResolutionError("the servers of the name do not answer", isDefinite: false)
    }

    private static var slowness: ResolutionError {
        ResolutionError("its look-up takes long and others wait for it already", isDefinite: false)
    }

    private static var noPlace: ResolutionError {
        ResolutionError("too many other names are being looked up", isDefinite: false)
    }

    /// The last good addresses where nobody knows better (RFC 8767), else the failure.
    private func answer(_ failure: ResolutionError, _ name: Name, now: NIODeadline) -> Answer {
        if !failure.isDefinite, let known = lastGood(name, now: now) { return .success(known) }
        return .failure(failure)
    }

    private func lastGood(_ name: Name, now: NIODeadline) -> [SocketAddress]? {
        name.addresses.isEmpty || now - name.resolved > limits.lastGood ? nil : name.addresses
    }

    // MARK: Places

    private mutating func place(for name: Name) -> Place? {
        if name.isSilent {
            guard taken.again < limits.again, taken.slow < limits.slow else { return nil }
            taken.again += 1
            taken.slow += 1
            return .again
        }
        guard taken.quick < limits.quick else { return queue.count < limits.names ? .waiting : nil }
        taken.quick += 1
        return .quick
    }

    private mutating func free(_ place: Place) {
        switch place {
        case .waiting: break
        case .quick: taken.quick -= 1
        case .slow: taken.slow -= 1
        case .again:
            taken.again -= 1
            taken.slow -= 1
        }
    }

    private mutating func startWaiting(now: NIODeadline) -> [LookUp] {
        let starts = Array(queue.prefix(limits.quick - taken.quick))
        queue.removeFirst(starts.count)
        taken.quick += starts.count
        for lookUp in starts {
            names[lookUp.host]?.running?.place = .quick
            names[lookUp.host]?.running?.started = now
        }
        return starts
    }

    /// Forgets the half that nobody has asked for longest.
    private mutating func makeRoom() {
        guard names.count >= limits.names else { return }
        let idle = names.filter { $0.value.running == nil }.sorted { $0.value.asked < $1.value.asked }
        for (host, _) in idle.prefix(limits.names / 2) { names[host] = nil }
    }
}

/// The bounds of look-ups.
package struct LookUpLimits: Sendable {
    /// How many look-ups that are not slow run at a time.
    package var quick = 16
    /// How many slow look-ups run at a time.
    package var slow = 64
    /// How many of the slow look-ups try a name again whose servers were silent.
    package var again = 32
    /// How many names are known at a time, and how many wait for a place.
    package var names = 4096
    /// The time after which a look-up is slow.
    package var patience = TimeAmount.milliseconds(250)
    /// How many callers wait for a slow look-up. Others are told that it is slow.
    package var patient = 2
    /// How long a caller waits for a look-up at most.
    package var wait = TimeAmount.seconds(5)
    /// How long an answer is used, also the answer that there is no such name.
    package var fresh = TimeAmount.seconds(1)
    /// How long addresses are used when nobody knows newer ones.
    package var lastGood = TimeAmount.hours(24)

    /// Creates the default bounds.
    package init() {}

    /// How long a name is left alone after so many look-ups in a row that told nothing.
    func pause(after failures: Int) -> TimeAmount {
        .seconds(min(1 << min(failures, 5), 30))
    }
}

import StoreConformance
import Testing

@testable import PostgreSQLQueue

@Suite("Schedule of sweeps")
struct SweepScheduleTests {
    private let ago = ContinuousClock.now.advanced(by: .seconds(-1000))
    private let later = ContinuousClock.now.advanced(by: .seconds(1000))

    @Test("The first sweep begins at once, without pauses, and alone")
    func first() {
        let schedule = SweepSchedule()
        #expect(schedule.begin() == (true, true))
        schedule.request()
        #expect(schedule.begin() == (false, false))
    }

    @Test("A sweep that is asked for soon after a long one is made with pauses")
    func bounded() {
        let schedule = SweepSchedule()
        #expect(schedule.begin() == (true, true))
        schedule.end(began: ago)
        schedule.request()
        #expect(schedule.begin() == (true, false))
        // What was asked for is still to come.
        schedule.end(began: later)
        #expect(schedule.begin() == (true, true))
    }

    @Test("A sweep that nobody asked for waits")
    func waits() {
        let schedule = SweepSchedule()
        #expect(schedule.begin() == (true, true))
        schedule.end(began: later)
        #expect(schedule.begin() == (false, false))
        schedule.request()
        #expect(schedule.begin() == (true, true))
    }

    @Test("A sweep that took long or made no pauses is followed by the pause it owes")
    func owed() {
        let schedule = SweepSchedule()
        #expect(schedule.begin() == (true, true))
        schedule.end(began: ago, owed: .seconds(1000))
        #expect(schedule.begin() == (false, false))
    }
}

using Assay.Statistics;
using Spectre.Console.Testing;

namespace Assay.Cli.Tests;

public sealed class ProgressDisplayTests
{
    private sealed class ManualClock : TimeProvider
    {
        public long Milliseconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Milliseconds;
    }

    private static string Shown(bool quiet, bool live, Action<IProgress<ProgressUpdate>, ManualClock> work)
    {
        var clock = new ManualClock();
        using var console = new TestConsole();
        console.Profile.Width = 100;
        console.Profile.Capabilities.Interactive = live;
        console.Profile.Capabilities.Ansi = live;
        using var output = new TestConsole();
        var result = ProgressDisplay.Run(new CliEnvironment { Output = output, Error = console, Time = live ? TimeProvider.System : clock }, quiet, progress =>
        {
            work(progress, clock);
            return 42;
        });
        Assert.Equal(42, result);
        Assert.Empty(output.Output); // results are never mixed with progress
        return console.Output;
    }

    private static void Work(IProgress<ProgressUpdate> progress, ManualClock clock)
    {
        for (var i = 0; i <= 40; i++)
        {
            clock.Milliseconds = 1000 * i;
            progress.Report(new ProgressUpdate("training [1]", i, 40, $"loss {40 - i}"));
        }
        progress.Report(new ProgressUpdate("judging"));
    }

    [Fact]
    public void Redirected_it_is_a_line_for_each_stage_and_one_every_ten_seconds() => Assert.Equal(
        """
        training [1] (loss 40)
        training [1]: 25 %, 30 s left (loss 30)
        training [1]: 50 %, 20 s left (loss 20)
        training [1]: 75 %, 10 s left (loss 10)
        training [1] (loss 0)
        judging

        """.ReplaceLineEndings("\n"), Shown(quiet: false, live: false, Work));

    [Fact]
    public void Quiet_shows_nothing() => Assert.Empty(Shown(quiet: true, live: true, Work));

    [Fact]
    public void On_a_terminal_it_is_a_live_bar() => Assert.Contains("training [1]", Shown(quiet: false, live: true, (progress, clock) =>
    {
        progress.Report(new ProgressUpdate("training [1]", 1, 2));
        Thread.Sleep(300); // one refresh
        progress.Report(new ProgressUpdate("training [1]", 2, 2));
    }), StringComparison.Ordinal);

    [Fact]
    public void A_failure_of_the_work_comes_through() => Assert.Throws<InvalidDataException>(() => Shown(quiet: false, live: true, (_, _) => throw new InvalidDataException("x")));

    [Theory]
    [InlineData(0.423, "0.42 s")]
    [InlineData(12.4, "12 s")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(7500, "2 h 5 min")]
    public void Durations_are_readable(double seconds, string expected) => Assert.Equal(expected, Units.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.97214, "0.9721")]
    [InlineData(12.3456, "12.346")]
    [InlineData(1234.56, "1234.6")]
    [InlineData(1.5e-5, "1.5e-5")]
    [InlineData(-2.5e7, "-2.5e7")]
    [InlineData(double.NaN, "–")]
    public void Numbers_are_readable(double value, string expected) => Assert.Equal(expected, Units.Number(value));

    [Theory]
    [InlineData(12, "12 B")]
    [InlineData(3482, "3.4 KiB")]
    [InlineData(1L << 31, "2 GiB")]
    public void Sizes_are_readable(long bytes, string expected) => Assert.Equal(expected, Units.Bytes(bytes));
}

using Assay.Statistics;

namespace Assay.Language.Tests;

public sealed class ResumeAuditTests
{
    // A falling loss with noise 0.05, a cosine-like rate, 1000 tokens a second.
    private static List<PretrainingStep> Log(Func<PretrainingStep, PretrainingStep>? afterwards = null, double sigma = 0.05)
    {
        var random = new SeededRandom(1);
        return [.. Enumerable.Range(1, 400).Select(i =>
        {
            var step = new PretrainingStep(i, 3 + Math.Exp(-i / 150.0) + sigma * random.NextGaussian(), 1e-3 * (1 - i / 800.0), 0.5, 1000, i % 50 == 0 ? 3.1 + Math.Exp(-i / 150.0) : null, i == 251);
            return i > 250 && afterwards is not null ? afterwards(step) : step;
        })];
    }

    private static ResumeFinding Finding(List<PretrainingStep> log, List<PretrainingStep>? reference = null) => Assert.Single(ResumeAudit.Audit(log, 100, reference));

    [Fact]
    public void A_resume_that_changes_nothing_is_clean()
    {
        var finding = Finding(Log());
        Assert.Equal(ResumeVerdict.Clean, finding.Verdict);
        Assert.Equal(250, finding.Step);
        Assert.InRange(finding.SpikeScore, -4, 4);
        Assert.Equal(1, finding.SpeedRatio, 1e-9);
        Assert.Equal(1, finding.LearningRateJump, 1e-9);
    }

    [Fact]
    public void A_spike_means_that_the_optimiser_began_anew_and_its_cost_is_counted()
    {
        var log = Log(s => s with { Loss = s.Loss + 2 * Math.Exp(-(s.Step - 251) / 10.0) });
        var finding = Finding(log, Log());
        Assert.Equal(ResumeVerdict.OptimizerStateLost, finding.Verdict);
        Assert.True(finding.SpikeScore > 6);
        Assert.InRange(finding.SpikeNats, 1.9, 2.3);
        // Σ 2·e^(−k/10) over 150 steps of 100 tokens.
        Assert.Equal(2 / (1 - Math.Exp(-0.1)) * 100, finding.ExcessArea, 1);
        Assert.True(finding.RecoveryTokens > 0);
        Assert.Equal(0, Finding(Log(sigma: 0)).RecoveryTokens);
    }

    [Fact]
    public void Repeated_data_a_broken_schedule_and_other_hardware_are_told_apart()
    {
        Assert.Equal(ResumeVerdict.DataRepeated, Finding(Log(s => s with { Loss = s.Loss - 0.15 })).Verdict);
        Assert.Equal(ResumeVerdict.ScheduleDiscontinuity, Finding(Log(s => s with { LearningRate = s.LearningRate * 1.5 })).Verdict);
        Assert.Equal(ResumeVerdict.HardwareChange, Finding(Log(s => s with { TokensPerSecond = 600 })).Verdict);
        // Better data lowers both losses: no repetition.
        Assert.Equal(ResumeVerdict.Clean, Finding(Log(s => s with { Loss = s.Loss - 0.15, Validation = s.Validation is { } v ? v - 0.15 : null })).Verdict);
    }

    [Fact]
    public void A_log_is_written_and_read_back_and_a_damaged_one_is_refused()
    {
        var file = Path.GetTempFileName();
        try
        {
            var log = Log().Take(3).ToArray();
            File.WriteAllLines(file, log.Select(PretrainingLog.Line));
            Assert.Equal(log, PretrainingLog.Read(file));
            File.WriteAllText(file, PretrainingLog.Line(log[0]) + "\n{oops");
            Assert.Contains("line 2", Assert.Throws<InvalidDataException>(() => PretrainingLog.Read(file)).Message, StringComparison.Ordinal);
            File.WriteAllLines(file, [PretrainingLog.Line(log[1]), PretrainingLog.Line(log[0])]);
            Assert.Throws<InvalidDataException>(() => PretrainingLog.Read(file));
            Assert.Throws<ArgumentException>(() => ResumeAudit.Compare([.. log], [.. log], 100));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(0, 8.391608e-7)]
    [InlineData(714, 6e-4)]
    [InlineData(715, 6e-4)]
    [InlineData(9894, 3.3e-4)]
    [InlineData(19073, 6e-5)]
    [InlineData(20000, 6e-5)]
    public void The_released_schedule_is_the_cosine_with_a_floor(long step, double rate) =>
        Assert.Equal(rate, 6e-4 * new Training.CosineSchedule(warmup: 715, floor: 0.1).Factor(step, 19073), 1e-10);
}

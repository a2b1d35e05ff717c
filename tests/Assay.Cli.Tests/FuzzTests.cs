using Assay.Benchmarks;

namespace Assay.Cli.Tests;

/// <summary>
/// A few hundred of the damaged files of <c>Assay.Benchmarks fuzz</c> through the real commands: each is read, with the number that a plain second
/// reading gives, or refused in one line.
/// </summary>
public sealed class FuzzTests
{
    private const int Files = 300;

    [Fact]
    public void Damaged_files_are_read_rightly_or_refused_in_one_line()
    {
        FuzzTarget[] targets = [.. FuzzCorpus.All];
        foreach (var (target, count) in targets.Zip(FuzzRun.Shares(targets, Files)))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var result = FuzzRun.Of(target, count, seed: 11);
            Assert.True(result.Failures.IsEmpty, string.Join('\n', result.Failures));
            Assert.Equal(count, result[FuzzOutcome.Checked] + result[FuzzOutcome.Read] + result[FuzzOutcome.Refused]);
        }
    }
}

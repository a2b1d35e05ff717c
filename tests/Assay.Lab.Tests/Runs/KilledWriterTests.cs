using System.Diagnostics;
using System.Runtime.CompilerServices;
using Assay.Training;

namespace Assay.Lab.Tests;

public sealed class KilledWriterTests
{
    private const string FolderVariable = "ASSAY_TEST_WRITE_RUN_INTO";

    [Fact]
    public async Task A_killed_run_is_unfinished_with_every_line_that_it_had_written()
    {
        using var folder = new TemporaryFolder();
        var store = new RunStore(folder.Path);
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, Environment = { [FolderVariable] = folder.Path } };
        using var child = Process.Start(start)!;
        try
        {
            // The child says "written N" only after Append has returned.
            string? line;
            do
                line = await child.StandardOutput.ReadLineAsync();
            while (line is not null && line != "written 100");
            Assert.Equal(RunStatus.Running, store.Find("last").Info.Status);
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync();
        }
        var run = store.Find("last");
        Assert.Equal(RunStatus.Unfinished, run.Info.Status);
        var points = run.ReadCurves();
        Assert.True(points.Length >= 100);
        Assert.Equal(Enumerable.Range(1, points.Length).Select(i => (long)i), points.Select(p => p.Step));
        using (var writer = store.Resume(run.Id))
            writer.Finish();
        Assert.Equal(RunStatus.Finished, store.Find("last").Info.Status);
    }

    [ModuleInitializer]
    internal static void WriteUntilKilled()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { Length: > 0 } folder)
            return; // an ordinary test run
        using var writer = new RunStore(folder).Create(new RunRequest("child", "none"));
        for (var step = 1; ; step++)
        {
            writer.Append(new CurvePoint("train/loss", step, 0, 1.0 / step));
            if (step % 100 == 0)
                Console.WriteLine($"written {step}");
        }
    }
}

using System.Diagnostics;
using Assay.Lab;
using Assay.Lab.Tests;
using Assay.Statistics;

namespace Assay.Cli.Tests;

public sealed class SurvivalTests
{
    private const int Kills = 20;
    private const string Recipe = "data: digits\nmodel: mlp(32)\nepochs: 60\nbatch: 64\noptimizer: adamw(learningRate: 1e-3)\nthreads: 1\ncheckpoint: { every: 15 }\n";

    // SIGKILL at random moments, the start of the process included; whatever is there is gone on with.
    [Fact]
    public async Task Twenty_kills_at_random_moments_change_no_bit_of_the_weights()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("r.yaml"), Recipe);
        Assert.Equal(0, (await CliRun.Of("train r.yaml --runs undisturbed", folder.Path)).Exit);
        var expected = await File.ReadAllBytesAsync(Weights(new RunStore(folder.File("undisturbed")).Find("last")));
        var store = new RunStore(folder.File("runs"));
        var random = new SeededRandom(1);
        for (var kills = 0; kills < Kills;)
        {
            using var child = Start(folder, Unfinished(store));
            // Every fourth kill falls anywhere in the start; the others wait until there is training to disturb, however slow the machine.
            while (kills % 4 != 0 && !child.HasExited && !store.List().Any(r => Directory.Exists(r.CheckpointsPath)))
                await Task.Delay(5);
            if (child.WaitForExit(TimeSpan.FromSeconds(random.NextDouble(0, 1.2))))
            {
                Assert.Equal(0, child.ExitCode);
                continue;
            }
            child.Kill();
            await child.WaitForExitAsync();
            kills++;
        }
        while (Unfinished(store) is { } id)
        {
            using var last = Start(folder, id);
            await last.WaitForExitAsync();
            Assert.Equal(0, last.ExitCode);
        }
        var runs = store.List();
        Assert.NotEmpty(runs);
        foreach (var run in runs)
            Assert.Equal(expected, await File.ReadAllBytesAsync(Weights(run)));
    }

    private static string? Unfinished(RunStore store) => store.List().FirstOrDefault(r => r.Info.Status != RunStatus.Finished)?.Id;

    private static string Weights(Run run) => Path.Combine(run.Folder, "model.safetensors");

    private static Process Start(TemporaryFolder folder, string? resume) => Process.Start(new ProcessStartInfo(
        Path.Combine(AppContext.BaseDirectory, "assay"), resume is null ? ["train", "r.yaml", "--quiet"] : ["train", "--resume", resume, "--quiet"]) { WorkingDirectory = folder.Path })!;
}

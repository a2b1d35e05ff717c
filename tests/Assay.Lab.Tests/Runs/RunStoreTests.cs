using Assay.Training;

namespace Assay.Lab.Tests;

public sealed class RunStoreTests
{
    private static readonly RunRequest Request = new("Digits, MLP", "assay train digits.yaml") { Seed = 3, Recipe = "epochs: 3\n" };

    [Fact]
    public void A_run_reads_back_as_it_was_written()
    {
        using var folder = new TemporaryFolder();
        var store = new RunStore(folder.Path);
        string id;
        using (var writer = store.Create(Request))
        {
            id = writer.Info.Id;
            writer.Append(new CurvePoint("train/loss", 1, 0.5, 2.25));
            writer.Append(new CurvePoint("train/loss", 2, 1, double.NaN));
            writer.SetMetrics([new("accuracy", 0.5)]);
            writer.SetMetrics([new("accuracy", 0.75), new("loss", 1)]);
            writer.WriteClaims([new ClaimResult("c", "s", "p", 1, 0, 2, "u", Verdict.Held, null, [1])]);
            writer.WriteReport("<html></html>");
            writer.Finish();
        }
        var run = store.Find(id);
        Assert.Matches(@"^\d{8}-\d{6}-digits-mlp$", run.Id);
        Assert.Equal(RunStatus.Finished, run.Info.Status);
        Assert.Equal((3, "epochs: 3\n", 0.75, 1), (run.Info.Seed, run.Info.Recipe, run.Info.Metrics["accuracy"], run.Info.Metrics["loss"]));
        Assert.Equal([2.25, double.NaN], run.ReadCurves().Select(p => p.Value));
        Assert.Equal("c", run.ReadClaims().Single().Id);
        Assert.Equal("<html></html>", File.ReadAllText(run.ReportPath));
        Assert.Equal([".lock", "claims.json", "curves.jsonl", "report.html", "run.json"], Directory.GetFiles(run.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_run_is_running_while_its_writer_lives_and_unfinished_after_it()
    {
        using var folder = new TemporaryFolder();
        var store = new RunStore(folder.Path);
        var writer = store.Create(Request);
        Assert.Equal(RunStatus.Running, store.Find("last").Info.Status);
        Assert.Throws<IOException>(() => store.Resume(writer.Info.Id));
        Assert.Throws<IOException>(() => RunStore.Delete(store.Find("last")));
        writer.Dispose();
        Assert.Equal(RunStatus.Unfinished, store.Find("last").Info.Status);
    }

    [Fact]
    public void Failed_and_cancelled_runs_say_so_and_can_be_resumed()
    {
        using var folder = new TemporaryFolder();
        var store = new RunStore(folder.Path);
        using (var writer = store.Create(Request))
            writer.Fail("the loss is not finite");
        Assert.Equal((RunStatus.Failed, "the loss is not finite"), (store.Find("last").Info.Status, store.Find("last").Info.Failure));
        using (var writer = store.Resume("last"))
        {
            Assert.Equal((RunStatus.Running, null), (store.Find("last").Info.Status, store.Find("last").Info.Failure));
            writer.Cancel();
        }
        Assert.Equal(RunStatus.Cancelled, store.Find("last").Info.Status);
        using (var writer = store.Resume("last"))
            writer.Finish();
        Assert.Throws<ArgumentException>(() => store.Resume("last"));
    }

    [Fact]
    public void Runs_of_the_same_second_and_name_get_ids_of_their_own()
    {
        using var folder = new TemporaryFolder();
        var store = new RunStore(folder.Path, new FixedClock());
        var writers = Enumerable.Range(0, 3).Select(_ => store.Create(Request)).ToArray();
        Assert.Equal(["20260102-030405-digits-mlp", "20260102-030405-digits-mlp-2", "20260102-030405-digits-mlp-3"], writers.Select(w => w.Info.Id));
        Array.ForEach(writers, w => w.Dispose());
    }

    [Fact]
    public void A_run_is_found_by_a_part_of_its_id_that_only_it_has()
    {
        using var folder = new TemporaryFolder();
        var store = new RunStore(folder.Path, new FixedClock());
        store.Create(new RunRequest("iris", "x")).Dispose();
        store.Create(new RunRequest("wine", "x")).Dispose();
        Assert.EndsWith("wine", store.Find("wine").Id, StringComparison.Ordinal);
        Assert.Contains("fits 2 runs", Assert.Throws<ArgumentException>(() => store.Find("2026")).Message, StringComparison.Ordinal);
        Assert.Contains("there is no run 'beer'", Assert.Throws<ArgumentException>(() => store.Find("beer")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_half_written_is_never_read_as_whole()
    {
        using var folder = new TemporaryFolder();
        var store = new RunStore(folder.Path);
        using (var writer = store.Create(Request))
            writer.Append(new CurvePoint("train/loss", 1, 0.5, 2));
        var run = store.Find("last");
        File.AppendAllText(Path.Combine(run.Folder, "curves.jsonl"), "{\"name\":\"train/loss\",\"step\":2");
        Assert.Single(run.ReadCurves());
        Directory.CreateDirectory(folder.File(".new-abc"));
        Directory.CreateDirectory(folder.File("not-a-run"));
        Directory.CreateDirectory(folder.File("broken"));
        File.WriteAllText(folder.File("broken/run.json"), "{\"id\":");
        Assert.Single(store.List());
        // The next writer drops the half line instead of gluing its own to it.
        using (var writer = store.Resume("last"))
            writer.Append(new CurvePoint("train/loss", 2, 1, 1));
        Assert.Equal([2, 1], run.ReadCurves().Select(p => p.Value));
    }

    [Fact]
    public void A_damaged_line_of_curves_names_file_and_line()
    {
        using var folder = new TemporaryFolder();
        var store = new RunStore(folder.Path);
        store.Create(Request).Dispose();
        var run = store.Find("last");
        File.WriteAllText(Path.Combine(run.Folder, "curves.jsonl"), "{\"name\":\"a\",\"step\":1,\"epoch\":0,\"value\":1}\nrubbish\n");
        Assert.Contains("curves.jsonl(2,1)", Assert.Throws<InvalidDataException>(() => run.ReadCurves()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Further_files_appear_whole_or_not_at_all()
    {
        using var folder = new TemporaryFolder();
        using var writer = new RunStore(folder.Path).Create(Request);
        writer.WriteFile("a.csv", path => File.WriteAllText(path, "x\n1\n"));
        Assert.Throws<IOException>(() => writer.WriteFile("a.csv", path =>
        {
            File.WriteAllText(path, "half");
            throw new IOException("disk full");
        }));
        Assert.Equal("x\n1\n", File.ReadAllText(Path.Combine(writer.Folder, "a.csv")));
        Assert.Throws<ArgumentException>(() => writer.WriteFile("../a.csv", _ => { }));
    }

    [Fact]
    public void Several_threads_may_append()
    {
        using var folder = new TemporaryFolder();
        var store = new RunStore(folder.Path);
        using (var writer = store.Create(Request))
            Parallel.For(0, 200, i => writer.Append(new CurvePoint("c", i, 0, i)));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (double)i), store.Find("last").ReadCurves().Select(p => p.Value).Order());
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    }
}

using Assay.Training;
using DuckDB.NET.Data;

namespace Assay.Lab.Tests;

public sealed class RunQueryTests
{
    private static RunStore Sample(TemporaryFolder folder)
    {
        var store = new RunStore(folder.Path);
        for (var i = 0; i < 3; i++)
        {
            using var writer = store.Create(new RunRequest($"run {i}", "x") { Seed = i });
            writer.Append(new CurvePoint("validation/accuracy", 1, 1, 0.5 + 0.1 * i));
            writer.Append(new CurvePoint("validation/accuracy", 2, 2, 0.4 + 0.1 * i));
            if (i == 2)
                continue; // unfinished
            writer.SetMetrics([new("accuracy", 0.5 + 0.1 * i)]);
            writer.WriteFile("predictions.parquet", path => Sql($"COPY (SELECT range AS id, {i} AS label FROM range(4)) TO '{path}' (FORMAT parquet)"));
            writer.Finish();
        }
        return store;
    }

    [Fact]
    public void Runs_curves_and_predictions_are_views()
    {
        using var folder = new TemporaryFolder();
        var store = Sample(folder);
        var runs = RunQuery.Execute(store, "SELECT name, status, seed, metrics['accuracy'] AS accuracy FROM runs");
        Assert.Equal(["name", "status", "seed", "accuracy"], runs.Columns);
        Assert.Equal([["run 0", "finished", 0L, 0.5], ["run 1", "finished", 1L, 0.6], ["run 2", "unfinished", 2L, null]], runs.Rows.Select(r => r.ToArray()));
        var best = RunQuery.Execute(store, "SELECT r.name, max(value) FROM curves c JOIN runs r ON r.id = c.run GROUP BY r.name ORDER BY 2 DESC LIMIT 1");
        Assert.Equal("run 2", best.Rows[0][0]);
        Assert.Equal(0.7, (double)best.Rows[0][1]!, 1e-12);
        var counts = RunQuery.Execute(store, "SELECT count(*), count(DISTINCT run), sum(label) FROM predictions");
        Assert.Equal([8L, 2L, 4L], counts.Rows[0]);
    }

    [Fact]
    public void A_half_line_of_a_running_run_does_not_disturb_a_query()
    {
        using var folder = new TemporaryFolder();
        var store = Sample(folder);
        File.AppendAllText(Path.Combine(store.List()[0].Folder, "curves.jsonl"), "{\"name\":\"validation/acc");
        Assert.Equal(6L, RunQuery.Execute(store, "SELECT count(*) FROM curves").Rows[0][0]);
    }

    [Fact]
    public void An_empty_store_has_empty_views()
    {
        using var folder = new TemporaryFolder();
        foreach (var view in new[] { "runs", "curves", "predictions" })
            Assert.Equal(0L, RunQuery.Execute(new RunStore(folder.File("none")), $"SELECT count(*) FROM {view}").Rows[0][0]);
    }

    [Fact]
    public void A_wrong_query_is_bad_input_with_the_engines_message()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<ArgumentException>(() => RunQuery.Execute(new RunStore(folder.Path), "SELECT nothing FROM nowhere"));
        Assert.Contains("nowhere", error.Message, StringComparison.Ordinal);
    }

    private static void Sql(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

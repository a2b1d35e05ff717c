using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using DuckDB.NET.Data;

namespace Assay.Lab;

/// <summary>The answer to a query: columns and rows.</summary>
/// <param name="Columns">The names.</param>
/// <param name="Rows">The rows; a cell is a number, text, truth value, time, list, dictionary, or null.</param>
public sealed record QueryResult(ImmutableArray<string> Columns, ImmutableArray<ImmutableArray<object?>> Rows);

/// <summary>
/// SQL over a store in place, by DuckDB. Three views: <c>runs</c> (one row a run: id, name, status, started, seconds, seed, command,
/// failure, metrics and settings as maps), <c>curves</c> (run, name, step, epoch, value) and <c>predictions</c> (run and the columns of the
/// runs' prediction files).
/// </summary>
public static class RunQuery
{
    /// <summary>Answers a query.</summary>
    /// <param name="store">The store.</param>
    /// <param name="sql">The query.</param>
    /// <param name="cancellation">Interrupts the query.</param>
    /// <exception cref="ArgumentException">The query is wrong; the message is DuckDB's.</exception>
    public static QueryResult Execute(RunStore store, string sql, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        CreateViews(connection, store.List());
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var registration = cancellation.Register(command.Cancel);
        try
        {
            using var reader = command.ExecuteReader();
            return Read(reader);
        }
        catch (DuckDBException e)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new ArgumentException(e.Message, e);
        }
    }

    private static QueryResult Read(DuckDBDataReader reader)
    {
        ImmutableArray<string> columns = [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : Plain(reader.GetValue(i)))]);
        return new QueryResult(columns, rows.ToImmutable());
    }

    // What JSON and a table can show: DuckDB's sums of integers, for example, are 128 bits wide.
    private static object? Plain(object? value) => value switch
    {
        null or DBNull => null,
        BigInteger big => big >= long.MinValue && big <= long.MaxValue ? (long)big : big.ToString(CultureInfo.InvariantCulture),
        bool or string or DateTime or DateTimeOffset => value,
        float f => (double)f,
        double or decimal or long or ulong or int or uint or short or ushort or byte or sbyte => value,
        System.Collections.IDictionary map => map.Keys.Cast<object>().ToDictionary(k => k.ToString()!, k => Plain(map[k])),
        System.Collections.IEnumerable list => list.Cast<object?>().Select(Plain).ToArray(),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private static void CreateViews(DuckDBConnection connection, ImmutableArray<Run> runs)
    {
        Execute(connection, "CREATE TABLE run_states(id VARCHAR, status VARCHAR, folder VARCHAR)");
        using (var appender = connection.CreateAppender("run_states"))
        {
            foreach (var run in runs)
                appender.CreateRow().AppendValue(run.Id).AppendValue(LabJson.Name(run.Info.Status)).AppendValue(run.Folder).EndRow();
        }
        Execute(connection, $"CREATE VIEW runs AS {Runs(runs)}");
        Execute(connection, $"CREATE VIEW curves AS {Curves(runs)}");
        Execute(connection, $"CREATE VIEW predictions AS {Predictions(runs)}");
    }

    private static string Runs(ImmutableArray<Run> runs)
    {
        const string Columns = "id: 'VARCHAR', name: 'VARCHAR', command: 'VARCHAR', started: 'TIMESTAMP WITH TIME ZONE', finished: 'TIMESTAMP WITH TIME ZONE', "
            + "seconds: 'DOUBLE', seed: 'BIGINT', failure: 'VARCHAR', metrics: 'MAP(VARCHAR, DOUBLE)', settings: 'MAP(VARCHAR, VARCHAR)'";
        var files = Files(runs, Run.InfoFile);
        var source = files is null
            ? "SELECT NULL::VARCHAR AS id, NULL::VARCHAR AS name, NULL::VARCHAR AS command, NULL::TIMESTAMPTZ AS started, NULL::TIMESTAMPTZ AS finished, NULL::DOUBLE AS seconds, "
                + "NULL::BIGINT AS seed, NULL::VARCHAR AS failure, NULL::MAP(VARCHAR, DOUBLE) AS metrics, NULL::MAP(VARCHAR, VARCHAR) AS settings WHERE false"
            : $"SELECT * FROM read_json({files}, format = 'auto', columns = {{{Columns}}})";
        return $"SELECT r.id, r.name, s.status, r.started, r.finished, r.seconds, r.seed, r.metrics, r.settings, r.command, r.failure, s.folder "
            + $"FROM ({source}) r JOIN run_states s USING (id) ORDER BY r.started, r.id";
    }

    private static string Curves(ImmutableArray<Run> runs)
    {
        // A line that a running or killed writer has not completed is passed over.
        return Files(runs, Run.CurvesFile) is { } files
            ? $"SELECT {RunOf("filename")} AS run, name, step, epoch, value FROM read_json({files}, format = 'newline_delimited', ignore_errors = true, filename = true, "
                + "columns = {name: 'VARCHAR', step: 'BIGINT', epoch: 'DOUBLE', value: 'DOUBLE'}) WHERE name IS NOT NULL"
            : "SELECT NULL::VARCHAR AS run, NULL::VARCHAR AS name, NULL::BIGINT AS step, NULL::DOUBLE AS epoch, NULL::DOUBLE AS value WHERE false";
    }

    private static string Predictions(ImmutableArray<Run> runs) => Files(runs, Run.PredictionsFile) is { } files
        ? $"SELECT {RunOf("filename")} AS run, * EXCLUDE (filename) FROM read_parquet({files}, union_by_name = true, filename = true)"
        : "SELECT NULL::VARCHAR AS run WHERE false";

    private static string? Files(ImmutableArray<Run> runs, string name)
    {
        var existing = runs.Select(r => Path.Combine(r.Folder, name)).Where(File.Exists).Select(f => $"'{f.Replace("'", "''", StringComparison.Ordinal)}'").ToArray();
        return existing.Length == 0 ? null : $"[{string.Join(", ", existing)}]";
    }

    private static string RunOf(string path) => $"parse_filename(parse_dirpath({path}))";

    private static void Execute(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

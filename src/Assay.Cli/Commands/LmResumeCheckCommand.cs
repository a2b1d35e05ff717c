using System.Collections.Immutable;
using System.CommandLine;
using Assay.Language;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay lm resume-check</c>: did a pretraining's resumes do harm?</summary>
internal static class LmResumeCheckCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var run = new Argument<string>("run") { Description = "A model's folder with a log.jsonl, or such a log: one JSON object a line with step, loss, learningRate, gradientNorm, tokensPerSecond, validation and resumed." };
        var reference = new Option<string>("--reference") { Description = "The log of the same run undisturbed: the excess loss is measured against it." };
        var tokens = new Option<long>("--tokens-per-step") { Description = "The tokens of one step.", DefaultValueFactory = _ => 2048 };
        var command = new Command("resume-check", "Judge every resume of a pretraining by its log: clean, optimiser state lost, data repeated, schedule broken, or hardware changed (paper 12).") { run, reference, tokens };
        command.Example("assay lm resume-check small", "the run that assay lm pretrain wrote to small/");
        command.Example("assay lm resume-check other.jsonl --reference whole.jsonl --tokens-per-step 524288", "a log from anywhere");
        command.Handle(environment, session =>
        {
            var log = PretrainingLog.Read(environment.PathOf(session.Require(run)));
            var whole = session.Get(reference) is { } path ? PretrainingLog.Read(environment.PathOf(path)) : default;
            var findings = ResumeAudit.Audit(log, session.Get(tokens), whole.IsDefault ? null : whole);
            session.Show(new { steps = log.Length, resumes = findings }, r => Render(r.resumes, r.steps));
            return CliHost.Done;
        });
        return command;
    }

    private static IRenderable Render(ImmutableArray<ResumeFinding> findings, int steps)
    {
        if (findings.IsEmpty)
            return new Text($"{steps} steps, no resume: nothing to judge.");
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumns("after step", "verdict", "spike z", "spike nats", "recovery tokens", "excess nats·tokens", "rate ×", "speed ×", "why");
        foreach (var f in findings)
        {
            table.AddRow(
                Number($"{f.Step:n0}"), new Text(f.Verdict.ToString()), Number($"{f.SpikeScore:f1}"), Number($"{f.SpikeNats:f3}"), f.RecoveryTokens is { } t ? Number($"{t:n0}") : new Text("not in the log"),
                double.IsNaN(f.ExcessArea) ? new Text("–") : Number($"{f.ExcessArea:n0}"), Number($"{f.LearningRateJump:f2}"), Number($"{f.SpeedRatio:f2}"), new Text(f.Reason));
        }
        return table;

        static Text Number(FormattableString text) => new(FormattableString.Invariant(text));
    }
}

using System.CommandLine;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary><c>assay methods</c>: lists the catalog, or prints the card of one method.</summary>
internal static class MethodsCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var name = new Argument<string?>("name") { Description = "A method's name: prints its card.", Arity = ArgumentArity.ZeroOrOne };
        var kind = new Option<string?>("--kind", "-k") { Description = "Only methods of this kind, for example loss or metric.", HelpName = "kind" };
        var paper = new Option<int?>("--paper", "-p") { Description = "Only methods of this paper (1 to 92); 0 for the field's standard methods.", HelpName = "number" };
        var command = new Command("methods", "List the methods of the catalog, or explain one of them.") { name, kind, paper };
        command.Example("assay methods", "all methods by kind");
        command.Example("assay methods --kind loss", "what a recipe can put behind 'loss:'");
        command.Example("assay methods --paper 34", "what implements paper 34");
        command.Example("assay methods dice-loss", "the card: formula, parameters, paper");
        command.Handle(environment, session =>
        {
            if (session.Get(name) is { } wanted)
            {
                var entry = environment.Catalog.Find(wanted);
                var study = entry.Paper > 0 ? environment.Studies.OfPaper(entry.Paper) : null;
                var result = study is null ? null : StudyCommand.Kept(StudyResults.Near(environment.Folder), study);
                session.Show(MethodCard.Of(entry, study, result), MethodRendering.Card);
                return CliHost.Done;
            }
            var only = session.Get(kind) is { } text ? ParseKind(text) : (MethodKind?)null;
            var chosen = environment.Catalog.Entries.Where(e => (only is null || e.Kind == only) && (session.Get(paper) is not { } p || e.Paper == p));
            session.Show(chosen.Select(MethodLine.Of).ToArray(), MethodRendering.List);
            return CliHost.Done;
        });
        return command;
    }

    private static MethodKind ParseKind(string text)
    {
        // "losses", "data-quality" and "DataQuality" are all understood.
        var plain = text.Replace("-", "", StringComparison.Ordinal);
        foreach (var kind in Enum.GetValues<MethodKind>())
        {
            var singular = kind.ToString();
            if (new[] { singular, singular + "s", singular + "es" }.Contains(plain, StringComparer.OrdinalIgnoreCase))
                return kind;
        }
        throw new ArgumentException($"'{text}' is no kind of method; the kinds are {string.Join(", ", Enum.GetValues<MethodKind>().Select(MethodLine.KindName))}");
    }
}
